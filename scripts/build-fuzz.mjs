/**
 * Compiles `src/` and what of `test/` the fuzzer needs into `build/fuzz`, `src/` with probes in it.
 *
 *     node scripts/build-fuzz.mjs
 *
 * A probe counts how often a branch was taken: every function, arm of a condition, right side of `&&`, `||` and `??`,
 * clause of a switch, body of a loop and handler. Comparisons are told what they compare, so that the fuzzer can put
 * into its inputs what a decoder looks for. `build/fuzz/probes.json` says which probes stand in which file.
 *
 * The probes are the global `fuzzProbes` of `test/fuzz/engine/probes.ts`, which must be loaded before anything of `src/`.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const { factory, SyntaxKind } = ts;
const EQUALITIES = new Map([
  [SyntaxKind.EqualsEqualsEqualsToken, "same"],
  [SyntaxKind.ExclamationEqualsEqualsToken, "differ"],
]);
const ORDERS = new Map([
  [SyntaxKind.LessThanToken, "below"],
  [SyntaxKind.GreaterThanToken, "above"],
  [SyntaxKind.LessThanEqualsToken, "notAbove"],
  [SyntaxKind.GreaterThanEqualsToken, "notBelow"],
]);
const CHOICES = new Set([
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
]);

/** Before every file: its names for the probes. */
const PROLOGUE = "const $probes = globalThis.fuzzProbes, $counts = $probes.counts;\n";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "build/fuzz");
let probes = 0;
const files = {};

rmSync(out, { recursive: true, force: true });
for (const directory of ["src", "test/fuzz", "test/support"]) sources(directory).forEach(compile);
writeFileSync(join(out, "probes.json"), JSON.stringify({ probes, files }));
writeFileSync(join(out, "package.json"), readFileSync(join(root, "package.json")));
// What is looked for beside src/ and test/ is where it would be.
for (const needed of ["prebuilds", "build", "node_modules", "test/vectors", "test/fuzz/corpus"]) {
  symlinkSync(join(root, needed), join(out, needed));
}

function sources(directory) {
  return readdirSync(join(root, directory), { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(root, directory, name));
}

function compile(file) {
  const name = relative(root, file);
  const isProbed = name.startsWith("src/");
  const first = probes;
  const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
    transformers: isProbed ? { before: [instrument] } : {},
  });
  if (probes > first) files[name] = [first, probes - first];
  const target = join(out, name.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, isProbed ? PROLOGUE + outputText : outputText);
}

/** A transformer of one source file. */
function instrument(context) {
  const visit = (node) => {
    const visited = ts.visitEachChild(node, visit, context);
    return withProbe(visited);
  };
  return (file) => ts.visitNode(file, visit);
}

function withProbe(node) {
  if (ts.isBinaryExpression(node)) return compareOrChoose(node);
  if (ts.isConditionalExpression(node)) {
    const { condition, questionToken, whenTrue, colonToken, whenFalse } = node;
    return factory.updateConditionalExpression(
      ...[node, condition, questionToken, before(whenTrue), colonToken, before(whenFalse)],
    );
  }
  if (ts.isIfStatement(node)) {
    const otherwise = node.elseStatement ?? factory.createBlock([]);
    return factory.updateIfStatement(
      ...[node, node.expression, block(node.thenStatement), block(otherwise)],
    );
  }
  if (ts.isCaseClause(node)) {
    return factory.updateCaseClause(node, node.expression, [count(), ...node.statements]);
  }
  if (ts.isDefaultClause(node))
    return factory.updateDefaultClause(node, [count(), ...node.statements]);
  if (ts.isIterationStatement(node, false)) return loop(node);
  if (ts.isCatchClause(node)) {
    return factory.updateCatchClause(node, node.variableDeclaration, block(node.block));
  }
  return functionWithProbe(node);
}

function loop(node) {
  const statement = block(node.statement);
  if (ts.isForStatement(node)) {
    const { initializer, condition, incrementor } = node;
    return factory.updateForStatement(node, initializer, condition, incrementor, statement);
  }
  if (ts.isForOfStatement(node)) {
    const { awaitModifier, initializer, expression } = node;
    return factory.updateForOfStatement(node, awaitModifier, initializer, expression, statement);
  }
  if (ts.isForInStatement(node)) {
    return factory.updateForInStatement(node, node.initializer, node.expression, statement);
  }
  if (ts.isWhileStatement(node)) {
    return factory.updateWhileStatement(node, node.expression, statement);
  }
  return factory.updateDoStatement(node, statement, node.expression);
}

function functionWithProbe(node) {
  if (ts.isArrowFunction(node)) {
    const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken, body } = node;
    const counted = ts.isBlock(body) ? block(body) : before(body);
    return factory.updateArrowFunction(
      ...[node, modifiers, typeParameters, parameters, type, equalsGreaterThanToken, counted],
    );
  }
  if (ts.isFunctionDeclaration(node) && node.body) {
    const { modifiers, asteriskToken, name, typeParameters, parameters, type, body } = node;
    return factory.updateFunctionDeclaration(
      ...[node, modifiers, asteriskToken, name, typeParameters, parameters, type, block(body)],
    );
  }
  if (ts.isMethodDeclaration(node) && node.body) {
    const { modifiers, asteriskToken, name, questionToken, typeParameters, parameters } = node;
    return factory.updateMethodDeclaration(
      ...[node, modifiers, asteriskToken, name, questionToken, typeParameters, parameters],
      ...[node.type, block(node.body)],
    );
  }
  return node;
}

function compareOrChoose(node) {
  const { left, operatorToken, right } = node;
  if (CHOICES.has(operatorToken.kind)) {
    return factory.updateBinaryExpression(node, left, operatorToken, before(right));
  }
  const order = ORDERS.get(operatorToken.kind);
  const isOrder = order !== undefined && (isConstant(left) || isConstant(right));
  const told = EQUALITIES.get(operatorToken.kind) ?? (isOrder ? order : undefined);
  if (told === undefined || isNothing(left) || isNothing(right)) return node;
  const tell = factory.createPropertyAccessExpression(factory.createIdentifier("$probes"), told);
  return factory.createCallExpression(tell, undefined, [left, right]);
}

/** Whether an operand says nothing about the input. */
function isNothing(node) {
  const isWord = ts.isIdentifier(node) && node.text === "undefined";
  return isWord || node.kind === SyntaxKind.NullKeyword || ts.isTypeOfExpression(node);
}

function isConstant(node) {
  if (ts.isNumericLiteral(node)) return true;
  return ts.isIdentifier(node) && /^[A-Z][A-Z0-9_]+$/.test(node.text);
}

/** `$counts[n]++` */
function counting() {
  const cell = factory.createElementAccessExpression(factory.createIdentifier("$counts"), probes++);
  return factory.createPostfixUnaryExpression(cell, SyntaxKind.PlusPlusToken);
}

function count() {
  return factory.createExpressionStatement(counting());
}

/** `($counts[n]++, expression)` */
function before(expression) {
  return factory.createParenthesizedExpression(factory.createComma(counting(), expression));
}

function block(statement) {
  const statements = ts.isBlock(statement) ? statement.statements : [statement];
  return factory.createBlock([count(), ...statements], true);
}
