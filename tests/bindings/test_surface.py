"""What the library shows of itself: small, and all of it with a sentence."""

import enum
import inspect
import json
import re
import unittest
from pathlib import Path

import warmhand

MOST_TYPES = 40
OBJECTS = {"App", "AppProtocol", "Listener", "ListenerImpl", "InternalError", "safety_panel_without_file"}
SOURCES = Path(__file__).parent.parent.parent / "bindings" / "src"


class Surface(unittest.TestCase):
    def types(self):
        """The records and enums, as the generated module lists them."""
        return {name: getattr(warmhand, name) for name in warmhand.__all__ if name not in OBJECTS}

    def test_there_is_one_object_one_listener_and_few_types(self):
        self.assertTrue(OBJECTS <= set(warmhand.__all__))
        self.assertEqual(len(re.findall(r"pub trait|uniffi::Object\)", self.rust())), 2)
        self.assertGreater(len(self.types()), 5)
        self.assertLessEqual(len(self.types()), MOST_TYPES)

    def test_whom_to_call_needs_no_file(self):
        panel = json.loads(warmhand.safety_panel_without_file())
        self.assertEqual([call["ways"][0]["value"] for call in panel["calls"]], ["911", "988", "1-833-852-6262"])

    def test_there_is_no_panic_button_in_what_is_shipped(self):
        self.assertFalse(hasattr(warmhand.App, "panic_at"))

    def test_everything_has_a_sentence(self):
        shown = dict(self.types())
        for name, type_ in list(shown.items()) + [("App", warmhand.App), ("Listener", warmhand.Listener)]:
            shown[name] = type_
            for inner, member in vars(type_).items():
                is_variant = inspect.isclass(member) and not issubclass(type_, enum.Enum)
                is_method = callable(member) and name in OBJECTS
                if not inner.startswith("_") and (is_variant or is_method):
                    shown[f"{name}.{inner}"] = member
        self.assertIn("App.dispatch", shown)
        self.assertIn("SyncStep.SEND", shown)
        self.assertEqual([name for name, member in shown.items() if not (inspect.getdoc(member) or "").strip()], [])

    def test_every_field_and_variant_has_a_sentence(self):
        lines = self.rust(but="app.rs").splitlines()
        said = re.compile(r"^    (?:    )?(?:pub \w+: .*|[A-Z]\w*(?:\(.*\)| \{)?,?|\w+: [A-Z]\w*(?:<.*>)?,)$")
        inside, bare, seen = False, [], 0
        for above, line in zip(lines, lines[1:]):
            if re.match(r"^pub (struct|enum) ", line):
                inside = True
            elif line == "}":
                inside = False
            elif inside and said.match(line) and line.strip() not in ("}", "},"):
                seen += 1
                if not above.strip().startswith(("///", "#[error")):
                    bare.append(line.strip())
        self.assertGreater(seen, 30)
        self.assertEqual(bare, [])

    def rust(self, but=None):
        files = sorted(file for file in SOURCES.rglob("*.rs") if file.name != but)
        return "\n".join(file.read_text(encoding="utf-8") for file in files)


if __name__ == "__main__":
    unittest.main()
