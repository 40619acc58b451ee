// @walletpass/pass-js: a template that is loaded once, and a pass made of it, as its README shows.
const path = require("node:path");
const { createRequire } = require("node:module");
const { read, takeTurns } = require("./turns.cjs");

process.env.APPLE_WWDR_CERT_PEM = read("wwdr.pem").toString();
const { Template } = createRequire(process.argv[3])("@walletpass/pass-js");

async function main() {
  const template = await Template.load(path.join(process.argv[2], "files"));
  template.setCertificate(read("certificate.pem").toString());
  template.setPrivateKey(read("key.pem").toString());
  await takeTurns(() => template.createPass({ serialNumber: "bench-1" }).asBuffer());
}

main();
