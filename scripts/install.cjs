/**
 * Runs before `npm start` and `npm test`, on the Node of the machine. Installs the dependencies if they differ
 * from the lockfile. Then the scripts run on the Node of node_modules. This file is in old JavaScript, so that
 * an old Node can run it and report its version.
 */
'use strict';

var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

var NODE_MAJOR_MIN = 20;
var root = path.join(__dirname, '..');

main();

function main() {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    fail('Node ' + NODE_MAJOR_MIN + ' or newer is needed; this is ' + process.version + '.');
  }
  // npm puts node_modules/.bin into PATH, which is split at this character.
  if (root.indexOf(path.delimiter) !== -1) {
    fail('The path of this checkout, ' + root + ', holds the character "' + path.delimiter + '", which npm cannot work with; move it.');
  }
  var difference = findDifference();
  if (difference === null) return;
  console.log('Installing dependencies (' + difference + ') …');
  var startedMs = Date.now();
  var result = childProcess.spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) fail('npm ci failed; the lines above say why.');
  var still = findDifference();
  if (still !== null) fail('The dependencies are still not as the lockfile says: ' + still + '.');
  console.log('Installed in ' + ((Date.now() - startedMs) / 1000).toFixed(1) + ' s');
}

/**
 * The reason why an installation is necessary, or null. Compares contents, because after a clone the times of
 * files mean little.
 */
function findDifference() {
  var wanted = readPackages(path.join(root, 'package-lock.json'));
  var installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null) fail('package-lock.json cannot be read.');
  if (installed === null) return 'nothing is installed yet';
  var names = Object.keys(wanted);
  for (var i = 0; i < names.length; i += 1) {
    var name = names[i];
    var entry = wanted[name];
    if (name === '' || entry.link || entry.optional || entry.devOptional) continue;
    if (!installed[name]) return name.replace('node_modules/', '') + ' is missing';
    if (installed[name].version !== entry.version || installed[name].integrity !== entry.integrity) {
      return name.replace('node_modules/', '') + ' is another version';
    }
  }
  return ownNodeRuns() ? null : 'its Node does not run';
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch (error) {
    // The file does not exist or is not JSON. To the caller both mean the same.
    return null;
  }
}

/**
 * Whether the binary of the `node` package runs. An install script adds it, and some settings of npm suppress
 * this script.
 */
function ownNodeRuns() {
  var result = childProcess.spawnSync(path.join(root, 'node_modules', '.bin', 'node'), ['--version']);
  return result.status === 0;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
