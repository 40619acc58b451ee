// passkit-generator: a PKPass from buffers, as its README shows.
const { createRequire } = require("node:module");
const { files, read, takeTurns } = require("./turns.cjs");

const { PKPass } = createRequire(process.argv[3])("passkit-generator");

const model = files();
const strings = JSON.parse(read("strings.json"));
const certificates = {
  signerCert: read("certificate.pem"),
  signerKey: read("key.pem"),
  wwdr: read("wwdr.pem"),
};

// It reads no UTF-16, so the strings are given to it as texts.
function build() {
  const pass = new PKPass(model, certificates);
  for (const [language, texts] of Object.entries(strings)) pass.localize(language, texts);
  return pass.getAsBuffer();
}

takeTurns(build);
