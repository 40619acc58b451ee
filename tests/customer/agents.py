"""What browsers call themselves."""

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

APPLE_TAIL = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {APPLE_TAIL}"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) {APPLE_TAIL}"
WATCH = f"Mozilla/5.0 (Apple Watch; CPU Watch OS 10_0 like Mac OS X) {APPLE_TAIL}"
IPHONE_CORE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko)"
)
IPHONE_CHROME = f"{IPHONE_CORE} CriOS/126.0.6478.35 Mobile/15E148 Safari/604.1"
IPHONE_FIREFOX = f"{IPHONE_CORE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15"
IPHONE_EDGE = f"{IPHONE_CORE} Version/17.0 EdgiOS/126.0.2592.56 Mobile/15E148 Safari/604.1"
INSIDE_APP = f"{IPHONE_CORE} Mobile/15E148 Instagram 330.0"
INSIDE_APPS = [
    INSIDE_APP,
    f"{IPHONE_CORE} Mobile/15E148 [FBAN/FBIOS;FBAV/468.0.0.36;FBDV/iPhone14,5;FBSN/iOS]",
    f"{IPHONE_CORE} Version/17.5 Mobile/15E148 Safari/604.1 [FBAN/FBIOS;FBAV/468.0.0.36]",
    f"{IPHONE_CORE} Mobile/15E148 musical_ly_34.9.0 JsSdk/2.0 BytedanceWebview/d8a21c6",
    f"{IPHONE_CORE} Version/17.5 Mobile/15E148 Safari/604.1 TikTok 34.9.0",
    f"{IPHONE_CORE} Version/17.5 Mobile/15E148 Safari/604.1 (Snapchat/12.90.0.41)",
    f"{IPHONE_CORE} Mobile/15E148 [LinkedInApp]/9.29.7962",
    f"{IPHONE_CORE} Mobile/15E148 Safari Line/14.9.0",
    f"{IPHONE_CORE} Mobile/15E148 MicroMessenger/8.0.49 NetType/WIFI Language/en",
    f"{IPHONE_CORE} Mobile/15E148 [Pinterest/iOS]",
    f"{IPHONE_CORE} Mobile/15E148 Twitter for iPhone/10.47",
    f"{IPHONE_CORE} GSA/323.0.647062479 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 [FBAN/FBIOS;FBDV/iPad13,1]",
]
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Safari/605.1.15"
)
CHROME_TAIL = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {CHROME_TAIL} Mobile Safari/537.36"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME_TAIL} Safari/537.36"
LINUX = f"Mozilla/5.0 (X11; Linux x86_64) {CHROME_TAIL} Safari/537.36"
CHROMEBOOK = f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME_TAIL} Safari/537.36"
UNHEARD_OF = "Mozilla/5.0 (Fridge; Ice 2)"
