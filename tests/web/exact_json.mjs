// Item data as exact text: the scanner and the layout, without a browser.
import assert from 'node:assert/strict';
import { isJson, layOut, liftRaw } from '../../web/page/exact_json.js';
import { finish, test } from './browser.mjs';

const NAMES = new Set(['input', 'extracted']);
const flat = (text) => layOut(text).filter(([kind]) => kind !== 'space').map(([, part]) => (part === ': ' ? ':' : part)).join('');

await test('numbers keep every digit', () => {
	const raw = '{"id":1234567890123456789,"price": 0.10,"tiny":1E-7,"n":-0.0}';
	assert.equal(liftRaw(`{"seq":"17","input":${raw},"attempts":3}`, NAMES).input, raw);
});
await test('the rest is parsed as usual; null stays null', () => {
	assert.deepEqual(liftRaw('{"items":[{"input":{"a":1},"extracted":null,"n":2}],"next":null}', NAMES),
		{ items: [{ input: '{"a":1}', extracted: null, n: 2 }], next: null });
});
await test('quotes, braces and names inside strings do not mislead', () => {
	const raw = '{"t":"} \\" \\\\","input":{"x":"{"},"u":"\\u0041"}';
	const parsed = liftRaw(`{"message":"\\"input\\":{","key":"input" , "input" : ${raw} ,"z":[1,"input"]}`, NAMES);
	assert.deepEqual(parsed, { message: '"input":{', key: 'input', input: raw, z: [1, 'input'] });
});
await test('every kind of value, empty ones too', () => {
	for (const raw of ['{}', '[]', '""', '"a"', '12.50', 'true', '[[],{"a":[]}]'])
		assert.equal(liftRaw(`{"input":${raw}}`, NAMES).input, raw);
});
await test('broken text is refused', () => {
	for (const text of ['{"input":{"a":1}', '{"input":"abc', '{"input":', '{"input":{}} x', ''])
		assert.throws(() => liftRaw(text, NAMES), SyntaxError);
});
await test('depth and size are no danger', () => {
	const deep = '['.repeat(200000) + ']'.repeat(200000);
	assert.equal(liftRaw(`{"input":${deep}}`, NAMES).input.length, deep.length);
	assert.equal(flat('['.repeat(2000) + '1' + ']'.repeat(2000)).length, 4001);
});
await test('the layout copies tokens, whatever the blanks', () => {
	for (const text of ['{"a":1234567890123456789,"b":[0.10,1E-7,-0],"c":{},"d":"\\u0041 \\" }","e":null}', '[1,[2,{"x":[]}],"y"]', '7', '"s"'])
		assert.equal(flat(text), text);
	assert.deepEqual(layOut(' { "a" : [ ] } ').map(([, part]) => part), ['{', '\n  ', '"a"', ': ', '[]', '\n', '}']);
});
await test('what is JSON and what is not', () => {
	assert.equal(isJson('{"a":1}'), true);
	assert.equal(isJson('<html>'), false);
});
finish();
