// Reads a JSON array of FHIR R4 resources from stdin and prints, for each, the messages of the validator.
const { Fhir } = require('fhir');

let text = '';
process.stdin.setEncoding('utf-8');
process.stdin.on('data', (part) => { text += part; });
process.stdin.on('end', () => {
  const judge = new Fhir();
  const verdicts = JSON.parse(text).map((resource) => judge.validate(resource, { errorOnUnexpected: true }).messages);
  process.stdout.write(JSON.stringify(verdicts));
});
