"""Prometheus scrapes a running Outrider: the alerts fire over true metrics, and the dashboard has something to show."""

import pathlib
import tempfile
import unittest

import yaml

from common import OF_INTERCEPTION, metrics_of_the_code, outrider, run, tool
from test_alerts import ALERTS
from test_dashboard import PANELS, concrete
from world import World, fetch

# What the world in world.py is full of. The others would need a slow machine, a full pipe or an old authority.
FIRING = {
    ("OutriderModelDown", "down"),
    ("OutriderModelDown", "cut"),
    ("OutriderProviderUnreachable", "dead"),
    ("OutriderFailoverRateHigh", "flaky/m"),
    ("OutriderPanicMode", "bad/m"),
    ("OutriderTargetResting", "bad/m"),
    ("OutriderKeyWantsAttention", "poor"),
    ("OutriderStreamsBroken", ""),
    ("OutriderCallsTurnedAway", "good/slow"),
    ("OutriderReloadFailed", ""),
}
WELL = {"well", "saved", "lossy"}


def impatient_rules() -> str:
    """The alerts as they are, but nobody waits."""
    rules = yaml.safe_load(ALERTS.read_text())
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "1s"
    return yaml.safe_dump(rules)


def about(alert: dict) -> str:
    """What an alert is about, beside the instance."""
    labels = alert["labels"]
    of = next((labels[name] for name in ("model", "provider", "from", "target", "key", "name") if name in labels), "")
    return of.split("#")[0] if labels["alertname"].startswith("OutriderKey") else of


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        prometheus = tool("prometheus")
        if not outrider() or not prometheus:
            raise unittest.SkipTest("a build of outrider, or Prometheus, is not here (Debian: prometheus)")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.world = World(pathlib.Path(folder.name), outrider(), prometheus, impatient_rules())
        cls.addClassCleanup(cls.world.close)
        metrics = lambda: fetch(f"http://127.0.0.1:{cls.world.admin}/metrics")
        cls.world.until("something to count", lambda: "outrider_lost_total{" in metrics())
        cls.world.config.write_text("providers: [nonsense")

    def test_the_alerts_fire(self):
        def fired():
            alerts = self.world.prometheus("alerts")["alerts"]
            firing = {(each["labels"]["alertname"], about(each)) for each in alerts if each["state"] == "firing"}
            assert FIRING <= firing, f"silent: {FIRING - firing}"
            return firing

        firing = self.world.until("alerts", fired)
        for alert, of in firing:
            self.assertFalse(alert == "OutriderModelDown" and of in WELL, (alert, of))
        self.assertFalse({"OutriderAllTargetsOpen", "OutriderCaNearExpiry", "OutriderAccessLogDropped"}
                         & {alert for alert, _ in firing})

    def test_the_rules_are_evaluated(self):
        def evaluated():
            rules = [rule for group in self.world.prometheus("rules")["groups"] for rule in group["rules"]]
            return rules if all(rule["health"] != "unknown" for rule in rules) else None

        rules = self.world.until("evaluation", evaluated)
        self.assertEqual(len(rules), len(yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]))
        for rule in rules:
            self.assertEqual((rule["health"], rule.get("lastError")), ("ok", None), rule["name"])

    def test_the_dashboard_has_something_to_show(self):
        for panel in PANELS:
            for target in panel["targets"]:
                query = concrete(target["expr"])
                if any(name in query for name in OF_INTERCEPTION):
                    self.world.prometheus("query", query=query)
                    continue
                answers = lambda: self.world.prometheus("query", query=query)["result"]
                self.world.until(f"{panel['title']}: {query}", answers)

    def test_the_metrics_are_well_formed(self):
        text = fetch(f"http://127.0.0.1:{self.world.admin}/metrics")
        checked = run(tool("promtool"), "check", "metrics", input=text)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
        broken = run(tool("promtool"), "check", "metrics", input=text + "outrider_x{ 1\n")
        self.assertNotEqual(broken.returncode, 0)

    def test_every_metric_is_seen(self):
        def seen():
            names = {name.removesuffix("_count") for name in self.world.prometheus("label/__name__/values")}
            missing = metrics_of_the_code() - OF_INTERCEPTION - names
            assert not missing, missing
            return names

        self.world.until("metrics", seen)


if __name__ == "__main__":
    unittest.main()
