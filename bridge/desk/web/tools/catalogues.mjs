/** What the catalogues disagree about, one text a finding. `catalogues`: language -> key -> text or plural texts. */
export function disagreements(catalogues) {
  const { en } = catalogues;
  return Object.entries(catalogues).flatMap(([language, texts]) => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    const missing = Object.keys(en).filter((key) => !(key in texts));
    const extra = Object.keys(texts).filter((key) => !(key in en));
    const shared = Object.keys(texts).filter((key) => key in en);
    return [
      ...missing.map((key) => `${language}: ${key} is missing`),
      ...extra.map((key) => `${language}: ${key} is not in en`),
      ...shared.flatMap((key) => compare(language, key, en[key], texts[key], wanted)),
    ];
  });
}

const placeholders = (text) =>
  [...text.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => name)
    .toSorted()
    .join();

function compare(language, key, english, text, wanted) {
  if ((typeof english === "string") !== (typeof text === "string"))
    return [`${language}: ${key} is plural in one only`];
  const model = typeof english === "string" ? english : english.other;
  const forms = typeof text === "string" ? { other: text } : text;
  const findings = Object.entries(forms)
    .filter(([, form]) => placeholders(form) !== placeholders(model) || form.trim() === "")
    .map(([category]) => `${language}: ${key} (${category}) has other placeholders than English`);
  const given = Object.keys(forms).toSorted().join();
  if (typeof text !== "string" && given !== wanted.join())
    findings.push(`${language}: ${key} has plurals ${given}`);
  return findings;
}
