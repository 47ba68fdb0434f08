"""Runs tests by module, and ends with what came of them."""

import sys
import unittest

found = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])
result = unittest.TextTestRunner(verbosity=2).run(found)
failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses) + len(result.skipped)
passed = result.testsRun - failed
print(f"{', '.join(sys.argv[1:])}: {passed} passed, {failed} failed", flush=True)
sys.exit(0 if passed > 0 and failed == 0 else 1)
