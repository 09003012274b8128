// Prints the closing line of .ci/run from the test runner's own JSON report. A file that could not be loaded or set up
// has no failed test of its own, so it counts as one; what was not run is told, never counted as passed.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
const notRun = report.numTotalTests - report.numPassedTests - report.numFailedTests;
const failed = report.numFailedTests + broken.length;

if (notRun > 0) console.log(`${notRun} not run`);
console.log(`\n${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1;
