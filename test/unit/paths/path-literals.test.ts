import { describe, expect, it } from 'vitest';
import { PATH_LANGUAGES, pathLiteralsAt } from '../../../src/paths/path-literals';
import { literalsIn } from './literals';

/** A line with its place marked; what is found there, the best reading first; what the best one covers. */
type Case = readonly [line: string, texts: readonly string[], covered?: string];

const PYTHON: readonly Case[] = [
  [`torch.load('runs/be¦st.pt')`, ['runs/best.pt'], `'runs/best.pt'`],
  [`torch.load("runs/be¦st.pt")`, ['runs/best.pt'], `"runs/best.pt"`],
  [`torch.load(¦"best.pt")`, ['best.pt']],
  [`torch.load("best.pt¦")`, ['best.pt']],
  [`torch.load("best.pt"¦)`, []],
  [`torch.lo¦ad("best.pt")`, []],
  [`a = "one.pt"; b = "tw¦o.pt"`, ['two.pt'], `"two.pt"`],
  // prefixes
  [`r"C:\\new\\be¦st.pt"`, ['C:\\new\\best.pt'], `r"C:\\new\\best.pt"`],
  [`R'a\\'b¦.pt'`, [`a\\'b.pt`]],
  [`b"be¦st.pt"`, ['best.pt']],
  [`u"be¦st.pt"`, ['best.pt']],
  [`rb"a\\b¦.pt"`, ['a\\b.pt']],
  [`bR'a\\b¦.pt'`, ['a\\b.pt']],
  [`f"be¦st.pt"`, ['best.pt']],
  [`f"a{{b}}¦.pt"`, ['a{b}.pt']],
  [`f"run{i}/be¦st.pt"`, []],
  [`Rf'{run}\\be¦st.pt'`, []],
  [`t"be¦st{i}.pt"`, []],
  [`return"be¦st.pt"`, ['best.pt'], `"best.pt"`],
  // triple quotes
  [`x = """runs/be¦st.pt"""`, ['runs/best.pt'], `"""runs/best.pt"""`],
  [`x = '''it's/be¦st.pt'''`, [`it's/best.pt`]],
  [`"""Load "be¦st.pt" first`, ['best.pt']],
  [`x = ""; y = "be¦st.pt"`, ['best.pt']],
  // escapes
  [`'a\\\\b¦.pt'`, ['a\\b.pt']],
  [`'it\\'s¦.pt'`, [`it's.pt`]],
  [`"\\x61\\u00e9\\U0001F600\\101¦.pt"`, ['aé😀A.pt']],
  [`b"\\u00e9¦.pt"`, ['\\u00e9.pt']],
  [`"runs\\model¦.pt"`, ['runs\\model.pt']],
  [`"runs\\new¦.pt"`, ['runs\new.pt']],
  [`"\\xg1¦.pt"`, []],
  [`"\\U99999999¦.pt"`, []],
  // joins
  [`os.path.join("runs", "be¦st.pt")`, ['runs/best.pt', 'best.pt'], `join("runs", "best.pt")`],
  [`os.path.join("ru¦ns", "best.pt")`, ['runs/best.pt', 'runs'], `join("runs", "best.pt")`],
  [`os.path.join("runs/", "a", "be¦st.pt",)`, ['runs/a/best.pt', 'best.pt']],
  [`os.path.join(ROOT, "runs", "be¦st.pt")`, ['runs/best.pt', 'best.pt'], `"runs", "best.pt"`],
  [`os.path.join(here(1, [2, 3]), "runs", "be¦st.pt")`, ['runs/best.pt', 'best.pt']],
  [`os.path.join("ru¦ns", name, "best.pt")`, ['runs']],
  [`os.path.join("runs", f"{name}", "be¦st.pt")`, ['best.pt']],
  [`os.path.join("runs", "be¦st.pt"`, ['best.pt']],
  [`os.path.join("runs", "/abs/be¦st.pt")`, ['/abs/best.pt']],
  [`load("runs", "be¦st.pt")`, ['best.pt']],
  [`", ".join("be¦st.pt")`, ['best.pt']],
  [`Path("runs") / "be¦st.pt"`, ['runs/best.pt', 'best.pt'], `Path("runs") / "best.pt"`],
  [`Path("ru¦ns") / "best.pt"`, ['runs/best.pt', 'runs']],
  [`pathlib.Path("runs", "a") / "b" / "be¦st.pt"`, ['runs/a/b/best.pt', 'best.pt']],
  [`Path("runs").joinpath("a", "be¦st.pt").open()`, ['runs/a/best.pt', 'best.pt']],
  [`ROOT / "runs" / "be¦st.pt"`, ['runs/best.pt', 'best.pt'], `"runs" / "best.pt"`],
  [`Path("runs") / name / "be¦st.pt"`, ['best.pt']],
  [`Path("be¦st.pt")`, ['best.pt']],
  [`"runs/" + "be¦st.pt"`, ['runs/best.pt', 'best.pt'], `"runs/" + "best.pt"`],
  [`"runs/" "be¦st.pt"`, ['runs/best.pt', 'best.pt']],
  [`"runs/" + name + ".p¦t"`, ['.pt']],
  [`ROOT + "/be¦st.pt"`, ['/best.pt']],
  // comments, and texts that are open
  [`x = 1  # "be¦st.pt"`, []],
  [`x = "#1/be¦st.pt"`, ['#1/best.pt']],
  [`don't load "be¦st.pt"`, ['best.pt']],
  // notebooks
  [`!python train.py --weights ru¦ns/best.pt`, ['runs/best.pt']],
  [`  %run train.py --weights=ru¦ns/best.pt`, ['runs/best.pt'], 'runs/best.pt'],
];

const JAVASCRIPT: readonly Case[] = [
  [`load('./mo¦del.json')`, ['./model.json'], `'./model.json'`],
  [`load("./mo¦del.json")`, ['./model.json']],
  ['load(`./mo¦del.json`)', ['./model.json']],
  ['load(`./${name}/mo¦del.json`)', []],
  [`load('file://./mo¦del.json')`, ['file://./model.json']],
  [`import x from'./mo¦del.json'`, ['./model.json'], `'./model.json'`],
  [`'it\\'s \\x41\\u0042\\u{43}\\q¦'`, [`it's ABCq`]],
  [`'\\u{110000}¦'`, []],
  [`'C:\\\\models\\\\a¦.pt'`, ['C:\\models\\a.pt']],
  [`path.join('models', 'mo¦del.json')`, ['models/model.json', 'model.json'], `join('models', 'model.json')`],
  [`path.join('models', '/mo¦del.json')`, ['models/model.json', '/model.json']],
  [`path.resolve('models', '/mo¦del.json')`, ['/model.json']],
  [`path.join(__dirname, '..', 'mo¦del.json')`, ['../model.json', 'model.json'], `'..', 'model.json'`],
  [`path.join(dir(), \`\${a}\`, 'mo¦del.json')`, ['model.json']],
  [`'models/' + 'mo¦del.json'`, ['models/model.json', 'model.json']],
  [`'models/' + name + 'mo¦del.json'`, ['model.json']],
  [`const a = '1' // 'mo¦del.json'`, []],
  [`/* 'a.json' */ 'mo¦del.json'`, ['model.json']],
  [`/* 'mo¦del.json'`, []],
  [`<p title="mo¦del.json">don't</p>`, ['model.json']],
];

const JSON_CASES: readonly Case[] = [
  [`  "weights": "runs/be¦st.pt",`, ['runs/best.pt'], `"runs/best.pt"`],
  [`{"files": ["a.pt", "b¦.pt"]}`, ['b.pt']],
  [`"runs\\/\\u0062est¦.pt"`, ['runs/best.pt']],
  [`"C:\\\\models\\\\a¦.pt"`, ['C:\\models\\a.pt']],
  [`"C:\\models\\a¦.pt"`, []],
  [`"a\\"b¦.pt"`, ['a"b.pt']],
  [`'be¦st.pt'`, []],
  [`"a": 1, // "be¦st.pt"`, []],
  [`/* "x" */ "be¦st.pt"`, ['best.pt']],
  [`"http://x/be¦st.pt"`, ['http://x/best.pt']],
];

const YAML: readonly Case[] = [
  [`weights: runs/be¦st.pt`, ['runs/best.pt'], 'runs/best.pt'],
  [`weights: runs/be¦st.pt  # the best`, ['runs/best.pt'], 'runs/best.pt'],
  [`weights: runs/best.pt  # the be¦st.pt`, []],
  [`weights: runs/a#1¦.pt`, ['runs/a#1.pt']],
  [`weights: "runs/be¦st.pt"`, ['runs/best.pt'], `"runs/best.pt"`],
  [`weights: "runs\\/\\x62est¦.pt"`, ['runs/best.pt']],
  [`weights: "runs\\qest¦.pt"`, []],
  [`weights: 'it''s/be¦st.pt' # x`, [`it's/best.pt`], `'it''s/best.pt'`],
  [`- runs/be¦st.pt`, ['runs/best.pt'], 'runs/best.pt'],
  [`  - - runs/be¦st.pt`, ['runs/best.pt']],
  [`  - weights: runs/be¦st.pt`, ['runs/best.pt'], 'runs/best.pt'],
  [`files: [a.pt, b¦.pt]`, ['b.pt'], 'b.pt'],
  [`files: ["a.pt", 'b¦.pt']`, ['b.pt'], `'b.pt'`],
  [`files: {a: a.pt, b: b¦.pt}`, ['b.pt'], 'b.pt'],
  [`files: {"a":a.pt, "b":b¦.pt}`, ['b.pt'], 'b.pt'],
  [`  "a.pt", "b¦.pt"]`, ['b.pt'], `"b.pt"`],
  [`weights: !path runs/be¦st.pt`, ['runs/best.pt'], 'runs/best.pt'],
  [`weights: &best runs/be¦st.pt`, ['runs/best.pt']],
  [`weights: *be¦st`, []],
  [`weights: |¦`, []],
  [`weights: C:\\models\\a¦.pt`, ['C:\\models\\a.pt']],
  [`--- runs/be¦st.pt`, ['runs/best.pt']],
  [`weights: my runs/be¦st.pt`, ['my runs/best.pt', 'runs/best.pt'], 'my runs/best.pt'],
  [`cmd: python train.py --out=ru¦ns/best.pt`, ['python train.py --out=runs/best.pt', 'runs/best.pt']],
  [`cmd: "python train.py -o ru¦ns/best.pt"`, ['python train.py -o runs/best.pt', 'runs/best.pt']],
  [`weights: "runs/be¦st.pt`, []],
  [`?key: va¦l`, ['val']],
];

const TOML: readonly Case[] = [
  [`weights = "runs/be¦st.pt"`, ['runs/best.pt'], `"runs/best.pt"`],
  [`weights = 'C:\\models\\a¦.pt'`, ['C:\\models\\a.pt'], `'C:\\models\\a.pt'`],
  [`weights = 'models\\' # 'b¦.pt'`, []],
  [`weights = "a\\tb¦.pt"`, ['a\tb.pt']],
  [`weights = "a\\qb¦.pt"`, []],
  [`weights = "\\u0061\\U00000062\\x63\\e¦"`, ['abc\x1b']],
  [`weights = """be¦st.pt"""`, ['best.pt'], `"""best.pt"""`],
  [`weights = '''it's¦.pt'''`, [`it's.pt`]],
  [`weights = ["a.pt", 'b¦.pt']`, ['b.pt']],
  [`# "be¦st.pt"`, []],
  [`weights = """be¦st.pt`, []],
  [`wei¦ghts = "best.pt"`, []],
];

const SHELL: readonly Case[] = [
  [`python train.py runs/be¦st.pt`, ['runs/best.pt'], 'runs/best.pt'],
  [`python train.py --model=runs/be¦st.pt`, ['runs/best.pt'], 'runs/best.pt'],
  [`python train.py --mo¦del=runs/best.pt`, []],
  [`MODEL=runs/be¦st.pt python train.py`, ['runs/best.pt']],
  [`train model.weights=runs/be¦st.pt`, ['runs/best.pt']],
  [`cat runs/1+2=3¦.pt`, ['runs/1+2=3.pt']],
  [`cat "my runs/be¦st.pt"`, ['my runs/best.pt'], `"my runs/best.pt"`],
  [`cat 'my runs/be¦st.pt'`, ['my runs/best.pt']],
  [`cat my\\ runs/be¦st.pt`, ['my runs/best.pt'], 'my\\ runs/best.pt'],
  [`cat my' 'runs/"be¦st".pt`, ['my runs/best.pt']],
  [`cat "a\\"b\\c¦.pt"`, ['a"b\\c.pt']],
  [`cat '\\$HOME/a¦.pt'`, ['\\$HOME/a.pt']],
  [`cat ~/runs/be¦st.pt`, ['~/runs/best.pt']],
  [`cat $HOME/be¦st.pt`, ['~/best.pt']],
  [`cat "$\{HOME}/be¦st.pt"`, ['~/best.pt']],
  [`cat --x="$HOME"/be¦st.pt`, ['~/best.pt'], '"$HOME"/best.pt'],
  [`cat $HOMES/be¦st.pt`, []],
  [`cat a$HOME/be¦st.pt`, []],
  [`cat $RUN/be¦st.pt`, []],
  [`cat "$RUN/be¦st.pt"`, []],
  [`cat '$RUN/be¦st.pt'`, ['$RUN/best.pt']],
  [`cat $(pwd)/be¦st.pt`, []],
  [`cat $(ls runs/be¦st.pt)`, ['runs/best.pt']],
  [`cat \`pwd\`/be¦st.pt`, []],
  [`cat be¦st.pt; ls`, ['best.pt'], 'best.pt'],
  [`cat be¦st.pt|wc`, ['best.pt'], 'best.pt'],
  [`cat be¦st.pt&`, ['best.pt'], 'best.pt'],
  [`cat <be¦st.pt>out`, ['best.pt'], 'best.pt'],
  [`cat best.pt # other¦.pt`, []],
  [`cat best#1¦.pt`, ['best#1.pt']],
  [`cat "be¦st.pt`, []],
  [`cat  ¦ best.pt`, []],
];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  python: PYTHON,
  javascript: JAVASCRIPT,
  javascriptreact: JAVASCRIPT,
  typescript: JAVASCRIPT,
  typescriptreact: JAVASCRIPT,
  json: JSON_CASES,
  jsonc: JSON_CASES,
  yaml: YAML,
  toml: TOML,
  shellscript: SHELL,
};

describe('path literals', () => {
  it('are looked for in ten languages', () => {
    expect([...PATH_LANGUAGES].sort()).toEqual(Object.keys(CASES).sort());
    expect(pathLiteralsAt('"a.pt"', 2, 'plaintext')).toEqual([]);
    expect(pathLiteralsAt('"a.pt"', 2, 'constructor')).toEqual([]);
  });

  for (const [language, cases] of Object.entries(CASES)) {
    describe(`of ${language}`, () => {
      for (const [line, texts, covered] of cases) {
        it(line, () => {
          const found = literalsIn(language, line);
          expect(found.texts).toEqual(texts);
          if (covered !== undefined) expect(found.covered[0]).toBe(covered);
        });
      }
    });
  }
});

describe('hostile lines', () => {
  const pieces = [
    '"', "'", '`', '\\', "\\'", '\\"', '"""', "'''", '#', '/*', '//', '$', '${', '{', '[', '(', 'join(', 'Path("a")/',
    '"a"+', '"a" ', '"a",', '- ', ': ', '=', 'a=', ' ', '~', '&', '😀', '\0', '\u202e',
  ]; // prettier-ignore

  for (const language of PATH_LANGUAGES) {
    it(`of ${language} are gone through once, and longer ones not at all`, () => {
      for (const piece of pieces) {
        for (const start of ['', '"a.pt", ', 'x = join(', '![']) {
          const line = (start + piece.repeat(10_000)).slice(0, 10_000);
          for (const character of [0, 5, 5000, 9999, 10_000]) {
            for (const literal of pathLiteralsAt(line, character, language)) {
              expect(literal.start).toBeLessThanOrEqual(character);
              expect(literal.end).toBeGreaterThan(character);
              expect(literal.end).toBeLessThanOrEqual(line.length);
            }
          }
        }
        expect(pathLiteralsAt(piece.repeat(100_000), 3, language)).toEqual([]);
      }
    });
  }

  it('holds no literal on a line of 100 kB, however plain', () => {
    expect(pathLiteralsAt(`"a.pt"${' '.repeat(100_000)}`, 2, 'python')).toEqual([]);
    expect(pathLiteralsAt(`"a.pt"${' '.repeat(1000)}`, 2, 'python')).toHaveLength(1);
  });
});
