// No token, or one the server does not know: say how to come by it.
import { useState } from '../vendor/preact/standalone.module.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { useTitle } from '../title.js';
import { tokenUse } from '../token.js';

export function SignIn({ refused }) {
	const [text, setText] = useState('');
	const [wrong, setWrong] = useState(false);
	useTitle(refused ? t('token.refused') : t('token.missing'));
	const go = (event) => {
		event.preventDefault();
		setWrong(!tokenUse(text));
	};
	return html`<div class="panel empty sign-in">
		<h1>${refused ? t('token.refused') : t('token.missing')}</h1>
		<p>${t('token.how')}</p>
		<pre class="command" tabindex="0"><code>${location.origin + location.pathname}#token=…</code></pre>
		<p>${t('token.where')}</p>
		<form class="filter-form" onSubmit=${go}>
			<label class="visually-hidden" for="token">${t('token.label')}</label>
			<input id="token" class="input" type="password" autocomplete="off" placeholder=${t('token.label')} aria-invalid=${wrong}
				value=${text} onInput=${(event) => setText(event.target.value)} />
			<button class="button is-primary">${t('token.use')}</button>
		</form>
		${wrong && html`<p class="problem" role="alert">${t('token.wrong')}</p>`}
	</div>`;
}
