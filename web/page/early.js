// Before anything is drawn: the theme, so that no page flashes in the wrong one.
'use strict';
(() => {
	const dark = matchMedia('(prefers-color-scheme: dark)');
	const apply = () => {
		const wanted = localStorage.getItem('sluice.theme');
		const theme = wanted === 'dark' || wanted === 'light' ? wanted
			: dark.matches ? 'dark' : 'light';
		document.documentElement.dataset.theme = theme;
		dispatchEvent(new CustomEvent('sluice-theme', { detail: theme }));
	};
	dark.addEventListener('change', apply);
	addEventListener('sluice-theme-wanted', apply);
	apply();
})();
