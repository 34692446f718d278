export function disagreements(catalogues: Record<string, Record<string, string | object>>): string[];
