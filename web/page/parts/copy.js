// To the clipboard; where the browser refuses (no HTTPS, no permission), the
// text is shown to be copied by hand.
import { html } from '../html.js';
import { t } from '../i18n.js';
import { Dialog, showDialog } from './dialog.js';
import { toast } from './toast.js';

export async function copyText(text, title) {
	try {
		await navigator.clipboard.writeText(text);
		toast(t('copied'));
	} catch {
		showDialog((close) => html`<${Dialog} title=${title} close=${close}>
			<textarea class="copy-area" readonly rows="8" aria-label=${title}
				ref=${(area) => area?.select()}>${text}</textarea>
		<//>`);
	}
}
