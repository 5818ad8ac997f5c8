// What a program does that uses fhir-kit-client (npm). The argument is the base URL of an empty FHIR service.

import assert from 'node:assert/strict';
import { Client } from 'fhir-kit-client';

const client = new Client({ baseUrl: process.argv[2] });
const PATIENTS = 25;
const patient = (value) => ({
  resourceType: 'Patient',
  name: [{ family: 'Kit' }],
  identifier: [{ system: 'urn:kit', value: `${value}` }],
});

assert.equal((await client.capabilityStatement()).fhirVersion, '4.0.1');

const created = [];
for (let number = 0; number < PATIENTS; number += 1) {
  created.push(await client.create({ resourceType: 'Patient', body: patient(number) }));
}
const { id } = created[0];
const read = await client.read({ resourceType: 'Patient', id });
assert.deepEqual(read.identifier, patient(0).identifier);
assert.equal((await client.vread({ resourceType: 'Patient', id, version: '1' })).meta.versionId, '1');

const found = new Set();
const sizes = [];
let page = await client.search({ resourceType: 'Patient', searchParams: { family: 'Kit', _count: '10' } });
while (page) {
  sizes.push(page.entry.length);
  page.entry.forEach((entry) => found.add(entry.resource.id));
  page = await client.nextPage({ bundle: page });
}
assert.deepEqual(sizes, [10, 10, 5]);
assert.deepEqual([...found].sort(), created.map((one) => one.id).sort());

const updated = await client.update({ resourceType: 'Patient', id, body: { ...read, birthDate: '1980-02-29' } });
assert.equal(updated.meta.versionId, '2');

const again = await client.create({
  resourceType: 'Patient',
  body: patient(0),
  options: { headers: { 'If-None-Exist': 'identifier=urn:kit|0', Prefer: 'return=representation' } },
});
assert.equal(again.id, id);

const fullUrl = 'urn:uuid:6c1c7d1a-6f0d-4b3b-9a7b-2a2f0f3f6a03';
const transaction = await client.transaction({
  body: {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl, resource: patient('transaction'), request: { method: 'POST', url: 'Patient' } },
      {
        resource: { resourceType: 'Observation', status: 'final', code: { text: 'weight' }, subject: { reference: fullUrl } },
        request: { method: 'POST', url: 'Observation' },
      },
    ],
  },
});
assert.deepEqual(transaction.entry.map((entry) => entry.response.status.slice(0, 3)), ['201', '201']);
const about = await client.resourceSearch({
  resourceType: 'Observation',
  searchParams: { 'subject:Patient.identifier': 'urn:kit|transaction' },
});
assert.equal(about.entry.length, 1);
const subject = await client.resolve({ reference: about.entry[0].resource.subject.reference });
assert.equal(subject.identifier[0].value, 'transaction');

const patched = await client.patch({
  resourceType: 'Patient',
  id,
  jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1981-01-01' }],
});
assert.deepEqual([patched.birthDate, patched.meta.versionId], ['1981-01-01', '3']);

await client.delete({ resourceType: 'Patient', id });
await assert.rejects(client.read({ resourceType: 'Patient', id }), (error) => (error.response?.status ?? error.status) === 410);

const history = await client.history({ resourceType: 'Patient', id });
assert.deepEqual(history.entry.map((entry) => entry.request.method), ['DELETE', 'PUT', 'PUT', 'POST']);
