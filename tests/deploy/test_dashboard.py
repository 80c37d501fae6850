"""The dashboard asks for metrics that exist, and shows all of them."""

import json
import re
import unittest

from common import CHART, OF_INTERCEPTION, metrics_in, metrics_of_the_code, one, rendered

DASHBOARD = json.loads((CHART / "files/dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    """What the panels and the variables ask Prometheus."""
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return asked + [each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]


def concrete(query: str) -> str:
    """A query as Grafana would send it with everything chosen."""
    for variable, value in {"$__rate_interval": "10s", "$namespace": ".*", "$instance": ".*", "$model": ".*"}.items():
        query = query.replace(variable, value)
    return query


class Dashboard(unittest.TestCase):
    def test_asks_for_metrics_that_exist(self):
        for query in queries():
            self.assertTrue(metrics_in(query), query)
            ours = {name for name in metrics_in(query) if name.startswith("outrider_")}
            self.assertLessEqual(ours - OF_INTERCEPTION, metrics_of_the_code(), query)

    def test_shows_every_metric(self):
        shown = set().union(*map(metrics_in, queries()))
        self.assertFalse(metrics_of_the_code() - shown)

    def test_leaves_no_variable_open(self):
        for query in queries():
            self.assertNotIn("$", concrete(query))
        named = {each["name"] for each in DASHBOARD["templating"]["list"]}
        used = set(re.findall(r"\$\{?([a-z]+)\b", json.dumps(DASHBOARD).replace("$__", "")))
        self.assertEqual(used, named)

    def test_has_panels_that_neither_overlap_nor_say_nothing(self):
        taken = set()
        for panel in DASHBOARD["panels"]:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        self.assertEqual(len({panel["id"] for panel in DASHBOARD["panels"]}), len(DASHBOARD["panels"]))
        for panel in PANELS:
            self.assertGreater(len(panel["description"]), 3, panel["title"])
            self.assertEqual(panel["datasource"]["uid"], "${datasource}")

    def test_is_in_the_charts_config_map_as_it_is(self):
        found = one(rendered({"dashboard": {"enabled": True}}), "ConfigMap", "outrider-dashboard")
        self.assertEqual(found["metadata"]["labels"]["grafana_dashboard"], "1")
        self.assertEqual(json.loads(found["data"]["outrider.json"]), DASHBOARD)


if __name__ == "__main__":
    unittest.main()
