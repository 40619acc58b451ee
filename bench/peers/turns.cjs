// The side of a contest that runs inside Node: as turns.py.
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

const folder = process.argv[2];

function read(name) {
  return fs.readFileSync(path.join(folder, name));
}

// The files of the design, pass.json too, by name.
function files() {
  const root = path.join(folder, "files");
  const found = {};
  for (const entry of fs.readdirSync(root, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.path, entry.name);
    if (entry.isFile()) found[path.relative(root, file)] = fs.readFileSync(file);
  }
  return found;
}

// Microseconds of processor time that this process has used.
function spent() {
  const used = process.cpuUsage();
  return used.user + used.system;
}

async function run(build, seconds) {
  const start = spent();
  let count = 0;
  let elapsed = 0;
  while (elapsed < seconds * 1e6) {
    await build();
    count += 1;
    elapsed = spent() - start;
  }
  return (count / elapsed) * 1e6;
}

async function takeTurns(build) {
  console.log("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [order, ...rest] = line.trim().split(" ");
    const argument = rest.join(" ");
    if (order === "save") {
      fs.writeFileSync(argument, await build());
      console.log("saved");
    } else {
      console.log(await run(build, Number(argument)));
    }
  }
}

module.exports = { files, read, takeTurns };
