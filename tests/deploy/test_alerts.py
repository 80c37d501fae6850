"""The alerts ask for metrics that exist, fire when they should, and only then."""

import re
import unittest

import yaml

from common import CHART, OF_INTERCEPTION, ROOT, metrics_in, metrics_of_the_code, one, rendered, run, source, tool

ALERTS = CHART / "files/alerts.yaml"
CASES = ROOT / "tests/deploy/alerts_test.yaml"


def alerts() -> list[dict]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


class Alerts(unittest.TestCase):
    def setUp(self):
        self.promtool = tool("promtool")
        if not self.promtool:
            self.skipTest("promtool is not here (Debian: prometheus)")

    def test_are_rules(self):
        checked = run(self.promtool, "check", "rules", "--lint-fatal", ALERTS)
        self.assertEqual(checked.returncode, 0, checked.stderr + checked.stdout)
        self.assertIn(f"{len(alerts())} rules found", checked.stdout)

    def test_fire_when_they_should_and_only_then(self):
        tested = run(self.promtool, "test", "rules", CASES)
        self.assertEqual(tested.returncode, 0, tested.stderr + tested.stdout)

    def test_each_has_a_case_that_fires_and_one_that_does_not(self):
        cases = [case for test in yaml.safe_load(CASES.read_text())["tests"] for case in test["alert_rule_test"]]
        for alert in alerts():
            fires = {bool(case.get("exp_alerts")) for case in cases if case["alertname"] == alert["alert"]}
            self.assertEqual(fires, {True, False}, alert["alert"])


class Words(unittest.TestCase):
    def test_each_alert_asks_for_metrics_that_exist(self):
        for alert in alerts():
            self.assertTrue(metrics_in(alert["expr"]), alert["alert"])
            self.assertLessEqual(metrics_in(alert["expr"]) - OF_INTERCEPTION, metrics_of_the_code(), alert["alert"])

    def test_the_metrics_of_interception_exist(self):
        missing = OF_INTERCEPTION - metrics_of_the_code()
        if missing:
            self.skipTest(f"not in this build: {', '.join(sorted(missing))}")

    def test_each_alert_says_what_is_wrong_and_what_to_do(self):
        for alert in alerts():
            self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
            self.assertIn("for", alert)
            self.assertLess(len(alert["annotations"]["summary"]), 100)
            self.assertGreater(len(alert["annotations"]["description"]), 40)

    def test_the_clients_faults_are_those_of_the_code(self):
        fault = source("src/canonical/fault.rs")
        kinds = re.search(r"match self \{\s+(Rejected[^=]+?)=> (?:\{\s+)?Blame::Client", fault).group(1)
        words = dict(re.findall(r"(\w+) => \"(\w+)\"", fault))
        clients = {words[kind] for kind in re.findall(r"\w+", kinds)}
        down = next(alert for alert in alerts() if alert["alert"] == "OutriderModelDown")
        excluded = {word for words in re.findall(r'outcome!~"([^"]+)"', down["expr"]) for word in words.split("|")}
        self.assertEqual(excluded, clients | {"success"})

    def test_the_reasons_of_keys_are_words_of_the_code(self):
        words = set(re.findall(r"\w+ => \"(\w+)\"", source("src/canonical/fault.rs")))
        for alert in alerts():
            for reasons in re.findall(r'reason[!=]~"([^"]+)"', alert["expr"]):
                self.assertLessEqual(set(reasons.split("|")), words)

    def test_the_charts_rules_are_these(self):
        rule = one(rendered({"prometheusRule": {"enabled": True}}), "PrometheusRule")
        self.assertEqual(rule["spec"], yaml.safe_load(ALERTS.read_text()))


if __name__ == "__main__":
    unittest.main()
