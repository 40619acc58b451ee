// Makes passes with passkit-generator and pass-js: good ones, and every broken one that
// passkit-generator lets through. Run in a folder where both are installed:
//   node npm.mjs MATERIALS OUT
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const [materials, out] = process.argv.slice(2);
const read = (name) => readFileSync(join(materials, name));
process.env.APPLE_WWDR_CERT_PEM = read("wwdr.pem").toString();
const { PKPass } = require("passkit-generator");
const { Template } = require("@walletpass/pass-js");

const certificates = {
  wwdr: read("wwdr.pem"),
  signerCert: read("certificate.pem"),
  signerKey: read("key.pem"),
};
const card = () => JSON.parse(read("card.json"));
const images = (...bases) =>
  Object.fromEntries(
    readdirSync(join(materials, "images"))
      .filter((name) => bases.includes(name.split(/[@.]/)[0]))
      .map((name) => [name, read(`images/${name}`)]),
  );
const usual = () => images("icon", "logo", "strip");
const field = (key, more = {}) => ({ key, label: key, value: "x", ...more });
const code = (format, message, more = {}) => ({ format: `PKBarcodeFormat${format}`, message, ...more });
const action = (number, more = {}) => ({
  identifier: `a${number}`,
  type: "shop",
  url: "https://example.com/shop",
  ...more,
});
const asPoster = (json) => {
  json.posterGeneric = { primaryFields: [field("name")], footerFields: [field("points")] };
};

// The broken ones are small: only the icon, and no more content than the kinds need.
const small = () => {
  const { beacons, labelColor, maxDistance, logoText, ...json } = card();
  json.locations.pop();
  json.storeCard.backFields.pop();
  return json;
};
// Each kind is a change to the content, to the files, or to the finished pass object.
const broken = {
  "no-description": (json) => delete json.description,
  "no-organization": (json) => delete json.organizationName,
  "format-version-2": (json) => (json.formatVersion = 2),
  "other-pass-type": (json) => (json.passTypeIdentifier = "pass.com.example.other"),
  "serial-with-slash": (json) => (json.serialNumber = "a/b c"),
  "eleven-locations": (json) =>
    (json.locations = Array.from({ length: 11 }, (_, n) => ({ latitude: 1, longitude: n }))),
  "latitude-91": (json) => (json.locations[0].latitude = 91),
  "beacon-without-uuid": (json) => (json.beacons = [{ proximityUUID: "none" }]),
  "http-web-service": (json) => (json.webServiceURL = "http://cards.example.com/apple"),
  "web-service-v1": (json) => (json.webServiceURL = "https://cards.example.com/v1"),
  "no-token": (json) => delete json.authenticationToken,
  "short-token": (json) => (json.authenticationToken = "short"),
  "app-launch-without-store": (json) => delete json.associatedStoreIdentifiers,
  "change-message-without-place": (json) =>
    (json.storeCard.headerFields[0].changeMessage = "Your points changed"),
  "date-style-alone": (json) => delete json.storeCard.auxiliaryFields[0].timeStyle,
  "date-style-on-text": (json) => (json.storeCard.auxiliaryFields[0].value = "soon"),
  "number-style-on-text": (json) => (json.storeCard.headerFields[0].value = "1250"),
  "number-and-currency": (json) => (json.storeCard.headerFields[0].currencyCode = "EUR"),
  "currency-word": (json) => (json.storeCard.primaryFields[0].currencyCode = "euro"),
  "alignment-unknown": (json) =>
    (json.storeCard.headerFields[0].textAlignment = "PKTextAlignmentLeftish"),
  "markup": (json) => (json.storeCard.backFields[0].attributedValue = "<b>bold</b>"),
  "five-fields-in-a-row": (json) =>
    (json.storeCard.secondaryFields = ["a", "b", "c", "d"].map((key) => field(key))),
  "ean13-check-digit": (json) => (json.barcodes[0].message = "4006381333932"),
  "itf-odd": (json) => json.barcodes.unshift(code("I2of5", "123")),
  "code39-small-letters": (json) => json.barcodes.unshift(code("Code39", "abc")),
  "codabar-without-start": (json) => json.barcodes.unshift(code("Codabar", "40156")),
  "new-barcodes-only": (json) => json.barcodes.pop(),
  "barcode-format-misspelt": (json) =>
    (json.barcodes = [{ format: "PKBarcodeFormatQRCode", message: "1" }]),
  "barcode-not-latin": (json) => (json.barcodes = [code("QR", "Привет")]),
  "expired": (json) => (json.expirationDate = "2020-01-01T00:00:00Z"),
  "relevant-date": (json) => (json.relevantDate = "2030-01-01T10:00:00Z"),
  "interval-of-days": (json) =>
    (json.relevantDates = [
      { startDate: "2030-01-01T00:00:00Z", endDate: "2030-01-03T00:00:00Z" },
    ]),
  "voided-with-barcode": (json) => (json.voided = true),
  "color-of-four-digits": (json) => (json.backgroundColor = "#abcd"),
  "grouped-store-card": (json) => (json.groupingIdentifier = "together"),
  "three-actions": (json) => (json.featuredActions = [action(1), action(2), action(3)]),
  "call-without-tel": (json) =>
    (json.featuredActions = [action(1, { type: "call", url: "https://example.com/call" })]),
  "action-unknown": (json) => (json.featuredActions = [action(1, { type: "webshop" })]),
  "nfc-key": (json) => (json.nfc = { message: "1", encryptionPublicKey: "no key" }),
  "poster-alone": (json) => {
    asPoster(json);
    delete json.storeCard;
  },
  "poster-without-images": asPoster,
  "two-styles": (json) => (json.coupon = { backFields: [field("a")] }),
  "no-icon": (json, files) =>
    Object.keys(files).forEach((name) => name.startsWith("icon") && delete files[name]),
  "icon-capital": (json, files) => {
    Object.keys(files).forEach((name) => name.startsWith("icon") && delete files[name]);
    files["Icon.png"] = read("images/icon.png");
  },
  "image-no-image": (json, files) => (files["strip.png"] = Buffer.from("no image")),
  "image-in-one-language": (json, files) =>
    (files["en.lproj/strip.png"] = read("images/strip.png")),
  "language-lacks-a-key": (json, files, pass) => {
    json.storeCard.headerFields[0].label = "label.points";
    return (made) => {
      made.localize("en", { "label.points": "POINTS" });
      made.localize("de", { "label.other": "ANDERES" });
    };
  },
};

function save(name, content) {
  const file = join(out, `${name}.pkpass`);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
}

console.warn = () => {};
for (const [kind, change] of Object.entries(broken)) {
  const json = small();
  const files = images("icon");
  const later = change(json, files);
  files["pass.json"] = Buffer.from(JSON.stringify(json));
  try {
    const made = new PKPass(files, certificates);
    if (typeof later === "function") later(made);
    save(`broken/${kind}`, made.getAsBuffer());
  } catch (error) {
    console.log(`stopped: ${kind}: ${String(error).slice(0, 90)}`);
  }
}

const good = new PKPass({ ...usual(), "pass.json": Buffer.from(JSON.stringify(card())) }, certificates);
good.localize("en", { Points: "Points" });
good.localize("ru", { Points: "Баллы" });
save("good/passkit-generator", good.getAsBuffer());

const posted = card();
asPoster(posted);
posted.featuredActions = [action(1), action(2, { type: "call", url: "tel:+4930123456" })];
const poster = new PKPass(
  {
    ...usual(),
    ...images("background", "primaryLogo"),
    "pass.json": Buffer.from(JSON.stringify(posted)),
  },
  certificates,
);
poster.setBarcodes("4006381333931");
save("good/passkit-generator-poster", poster.getAsBuffer());

const { storeCard, barcodes, ...rest } = card();
const template = new Template("storeCard", rest);
template.setCertificate(certificates.signerCert.toString());
template.setPrivateKey(certificates.signerKey.toString());
for (const [name, content] of Object.entries(usual())) {
  const [, base, density] = name.match(/^(\w+)(?:@(\dx))?\.png$/);
  await template.images.add(base, content, density);
}
const pass = template.createPass({ serialNumber: "peer-1" });
pass.barcodes = barcodes.slice(1);
for (const [section, fields] of Object.entries(storeCard)) {
  fields.forEach((each) => pass[section].add(each));
}
pass.localization.add("ru", { Points: "Баллы" });
save("good/pass-js", await pass.asBuffer());
