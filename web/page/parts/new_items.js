// Where a new job's items come from: a file, which is streamed, or text.
import { useState } from '../vendor/preact/standalone.module.js';
import { bytes } from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { csvOfTabs, FORMATS, formatGuess } from '../job_draft.js';
import { Field } from './field.js';
import { Icon } from './icon.js';

// A file that is dropped or chosen; onFile(file).
export function FileDrop({ file, onFile, id }) {
	const [over, setOver] = useState(false);
	const drop = (event) => {
		event.preventDefault();
		setOver(false);
		if (event.dataTransfer.files[0])
			onFile(event.dataTransfer.files[0]);
	};
	return html`<label class="drop ${over ? 'is-over' : ''}" onDragOver=${(event) => { event.preventDefault(); setOver(true); }}
			onDragLeave=${() => setOver(false)} onDrop=${drop}>
		<input id=${id} class="visually-hidden" type="file" accept=".csv,.ndjson,.jsonl,.json,.txt,text/csv,application/json"
			onChange=${(event) => event.target.files[0] && onFile(event.target.files[0])} />
		<${Icon} name="upload" />
		<span>${file ? html`<b><bdi>${file.name}</bdi></b> <span class="muted">${bytes(file.size)}</span>` : t('new.drop')}</span>
		<span class="drop-button">${file ? t('new.drop.other') : t('new.drop.choose')}</span>
	</label>`;
}

export function NewItems({ draft, change, columns, named, fault }) {
	const take = async (file) => {
		const head = await file.slice(0, 4096).text();
		change({ file, format: formatGuess(file.name, head),
			...(!named && { name: file.name.replace(/\.[^.]*$/, '') }) });
	};
	const paste = (typed) => {
		const text = csvOfTabs(typed);
		change({ text, format: formatGuess(null, text) });
	};
	return html`<section class="panel" aria-labelledby="new-items-title">
		<header class="panel-head"><h2 id="new-items-title">${t('new.items')}</h2>
			<div class="segments" role="group" aria-label=${t('new.source')}>${['file', 'text'].map((source) => html`<button type="button" key=${source}
				aria-pressed=${draft.source === source} onClick=${() => change({ source })}>${t('new.source.' + source)}</button>`)}</div></header>
		<div class="form">
			${draft.source === 'file' ? html`<div class="is-wide"><${FileDrop} file=${draft.file} onFile=${take} id="new-file" /></div>`
			: html`<${Field} id="new-text" label=${t('new.text')} wide control=${(tie) => html`<textarea ...${tie} class="input is-code" rows="6" spellcheck=${false}
				placeholder="user_id,name&#10;1001,Ada" value=${draft.text} onInput=${(event) => paste(event.target.value)}></textarea>`} />`}
			<${Field} id="new-name" label=${t('new.name')} fault=${fault} wide control=${(tie) => html`<input ...${tie} class="input" autocomplete="off" maxlength="100"
				placeholder="crm-import" value=${draft.name} onInput=${(event) => change({ name: event.target.value })} />`} />
			<${Field} id="new-format" label=${t('new.format')} control=${(tie) => html`<select ...${tie} class="input" value=${draft.format}
				onChange=${(event) => change({ format: event.target.value })}>
				${!draft.format && html`<option value="">–</option>`}
				${FORMATS.map((format) => html`<option key=${format} value=${format} selected=${format === draft.format}>${t('format.' + format)}</option>`)}</select>`} />
			<${Field} id="new-key" label=${t('new.key')} hint=${t('new.key.hint')} control=${(tie) => html`<select ...${tie} class="input" value=${draft.key}
				onChange=${(event) => change({ key: event.target.value })}><option value="">${t('new.key.none')}</option>
				${columns.map((name) => html`<option key=${name} value=${name} selected=${name === draft.key}>${name}</option>`)}</select>`} />
		</div>
	</section>`;
}
