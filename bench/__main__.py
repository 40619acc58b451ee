"""Run every measurement: `python -m bench`. Takes less than a minute."""

from bench import calls, push, signing

if __name__ == "__main__":
    # Pushes first: measuring signatures pins this process to one core.
    push.main()
    calls.main()
    signing.main()
