// Texts in the reader's language.  A text may hold {name} parameters and, for
// counts, two forms "one | many" chosen by {n}.
import en from './i18n/en.js';
import zh from './i18n/zh.js';
import { createStore } from './store.js';

const TEXTS = { en, zh };
const KEY = 'sluice.language';
export const LANGUAGES = [['en', 'English'], ['zh', '中文']];

function wanted() {
	const kept = localStorage.getItem(KEY);
	if (kept in TEXTS)
		return kept;
	return /^zh\b/i.test(navigator.language) ? 'zh' : 'en';
}

export const language = createStore(wanted());
let numbers, plurals;

function apply(name) {
	const locale = name === 'zh' ? 'zh-CN' : 'en';
	document.documentElement.lang = locale;
	numbers = new Intl.NumberFormat(locale);
	plurals = new Intl.PluralRules(locale);
}
apply(language.get());
language.subscribe(apply);

export function languageSet(name) {
	localStorage.setItem(KEY, name);
	language.set(name);
}

export function has(key) {
	return Object.hasOwn(en, key);
}

export function t(key, values = {}) {
	const text = TEXTS[language.get()][key];
	if (text === undefined) {
		console.error(`no text for ${key}`);
		return key;
	}
	const forms = text.split(' | ');
	const form = forms.length > 1 && plurals.select(values.n) !== 'one' ? forms[1] : forms[0];
	return form.replace(/\{(\w+)\}/g, (whole, name) => {
		const value = values[name];
		return typeof value === 'number' ? numbers.format(value) : value ?? whole;
	});
}
