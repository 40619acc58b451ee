// A pass server made of hono-passkit-webservice and passkit-generator, wired as their READMEs
// show, with a store in memory. Everything the libraries leave to their user is done with care, so
// that what a conformance report finds is what the library itself does or leaves undone.

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { ListRouter, LogRouter, RegistrationRouter, UpdateRouter } from "hono-passkit-webservice/v1";
import forge from "node-forge";
import { PKPass } from "passkit-generator";

const PORT = Number(process.env.PORT ?? 3000);
const TYPE = "pass.com.example.peer";
const TEAM = "PEERTEAM01";
const ICON = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

const certificates = selfSigned();
// Each change has the next number: it is the update tag.
let changes = 1;
const passes = new Map(
  ["peer-1", "peer-2"].map((serial) => [
    serial,
    { token: `token-of-${serial}-0123456789`, points: 0, change: changes, changedAt: Date.now() },
  ]),
);
const devices = new Map(); // device -> Map of serial -> push token

const app = new Hono();
// The library gives the verifier the token alone: it cannot know of which pass it must be.
const tokenVerifier = async (token) => [...passes.values()].some((pass) => pass.token === token);

app.route(
  "/",
  RegistrationRouter({
    tokenVerifier,
    async onRegister(device, type, serial, pushToken) {
      const registered = devices.get(device) ?? new Map();
      const isNew = !registered.has(serial);
      devices.set(device, registered.set(serial, pushToken));
      return isNew;
    },
    async onUnregister(device, type, serial) {
      devices.get(device)?.delete(serial);
    },
  }),
);

app.route(
  "/",
  ListRouter({
    async onListRetrieve(device, type, { passesUpdatedSince }) {
      const tag = /^\d+$/.test(passesUpdatedSince ?? "") ? Number(passesUpdatedSince) : 0;
      const since = tag > changes ? 0 : tag;
      const serialNumbers = [...(devices.get(device)?.keys() ?? [])].filter(
        (serial) => type === TYPE && passes.get(serial).change > since,
      );
      return serialNumbers.length ? { serialNumbers, lastUpdated: String(changes) } : undefined;
    },
  }),
);

app.route(
  "/",
  UpdateRouter({
    tokenVerifier,
    async onUpdateRequest(type, serial, modifiedSince) {
      // The library dates every answer with the time it was given out, in whole seconds.
      const isNewer = modifiedSince === undefined || !(passes.get(serial).changedAt <= modifiedSince);
      return isNewer ? new Uint8Array(signed(serial)) : undefined;
    },
  }),
);

app.route("/", LogRouter({ onIncomingLogs: () => {} }));

app.get("/download/:serial", (context) =>
  context.body(signed(context.req.param("serial")), 200, {
    "Content-Type": "application/vnd.apple.pkpass",
  }),
);

app.post("/change/:serial", (context) => {
  const pass = passes.get(context.req.param("serial"));
  Object.assign(pass, { points: pass.points + 1, change: ++changes, changedAt: Date.now() });
  return context.json({ points: pass.points });
});

serve({ fetch: app.fetch, port: PORT, hostname: "127.0.0.1" }, () =>
  console.log(`http://127.0.0.1:${PORT}`),
);

function signed(serial) {
  const { points, token } = passes.get(serial);
  const content = {
    formatVersion: 1,
    passTypeIdentifier: TYPE,
    teamIdentifier: TEAM,
    organizationName: "Peer",
    description: "Loyalty card",
    serialNumber: serial,
    authenticationToken: token,
    webServiceURL: `http://127.0.0.1:${PORT}`,
    storeCard: { headerFields: [{ key: "points", label: "POINTS", value: points }] },
  };
  const files = { "pass.json": Buffer.from(JSON.stringify(content)), "icon.png": ICON };
  return new PKPass(files, certificates).getAsBuffer();
}

// The suite does not look at who signed; a real server has Apple's certificates here.
function selfSigned() {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  const subject = [
    { type: "0.9.2342.19200300.100.1.1", value: TYPE },
    { name: "commonName", value: `Pass Type ID: ${TYPE}` },
    { name: "organizationalUnitName", value: TEAM },
  ];
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  const pem = forge.pki.certificateToPem(certificate);
  return { wwdr: pem, signerCert: pem, signerKey: forge.pki.privateKeyToPem(keys.privateKey) };
}
