// Owns what one TypeScript file says about itself: what it imports, and where it reaches for the environment, the clock
// or chance. Read from the syntax tree, so comments and texts never count. architecture.ts judges; this only reads.
import ts from 'typescript';

/** One import, re-export, `import()` or `import('…')` type. */
export interface Import {
  /** As written; undefined when a call of `import()` computes it. */
  readonly from: string | undefined;
  readonly line: number;
  /** Leaves nothing behind at run time. `import { type A }` does not count: it still loads the module. */
  readonly typeOnly: boolean;
}

const ambient = ['process.env', 'Date.now', 'Math.random', 'performance.now'] as const;
export type Ambient = (typeof ambient)[number] | 'new Date()';

/** One reach for something that is not an argument. */
interface Reach {
  readonly what: Ambient;
  readonly line: number;
  /** Handed over uncalled as a default: `now = Date.now` of a parameter, or `options.now ?? Date.now`. */
  readonly asDefault: boolean;
}

export interface SourceFacts {
  readonly imports: readonly Import[];
  readonly reaches: readonly Reach[];
}

/** Reads one file. `path` appears nowhere but in the tree; the text need not compile. */
export function readFacts(path: string, text: string): SourceFacts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const reaches: Reach[] = [];
  const lineOf = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;

  const visit = (node: ts.Node): void => {
    const found = asImport(node);
    if (found !== undefined) imports.push({ ...found, line: lineOf(node) });
    for (const what of asReaches(node)) reaches.push({ what, line: lineOf(node), asDefault: isDefault(node) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { imports, reaches };
}

function asImport(node: ts.Node): Omit<Import, 'line'> | undefined {
  if (ts.isImportDeclaration(node)) {
    const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { from: literal(node.moduleSpecifier), typeOnly };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { from: literal(node.moduleSpecifier), typeOnly: node.isTypeOnly };
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return { from: literal(node.moduleReference.expression), typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node)) {
    return { from: ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined, typeOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return { from: literal(node.arguments[0]), typeOnly: false };
  }
  return undefined;
}

function asReaches(node: ts.Node): Ambient[] {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return known(dotted(node));
  if (ts.isNewExpression(node) && dotted(node.expression) === 'Date') {
    return (node.arguments ?? []).length === 0 ? ['new Date()'] : [];
  }
  if (ts.isCallExpression(node) && dotted(node.expression) === 'Date') return ['new Date()'];
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer !== undefined) {
    const owner = dotted(node.initializer);
    return node.name.elements.flatMap((element) =>
      known(`${owner}.${(element.propertyName ?? element.name).getText()}`),
    );
  }
  if (ts.isImportSpecifier(node) && literal(node.parent.parent.parent.moduleSpecifier) === 'node:process') {
    return known(`process.${(node.propertyName ?? node.name).text}`);
  }
  return [];
}

function known(name: string | undefined): Ambient[] {
  return ambient.filter((one) => one === name);
}

/** `a.b`, `a['b']`, `a?.b` and `globalThis.a.b` as `a.b`; undefined for anything that is not a plain name. */
function dotted(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  const key = ts.isPropertyAccessExpression(node)
    ? node.name.text
    : ts.isElementAccessExpression(node)
      ? literal(node.argumentExpression)
      : undefined;
  if (key === undefined || !(ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)))
    return undefined;
  const owner = dotted(node.expression);
  if (owner === undefined) return undefined;
  return owner === 'globalThis' ? key : `${owner}.${key}`;
}

function isDefault(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isParameter(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node && inParameter(parent);
  return (
    ts.isBinaryExpression(parent) &&
    parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken &&
    parent.right === node
  );
}

function inParameter(element: ts.BindingElement): boolean {
  const owner = element.parent.parent;
  return ts.isBindingElement(owner) ? inParameter(owner) : ts.isParameter(owner);
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}
