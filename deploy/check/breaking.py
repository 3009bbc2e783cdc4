"""For tests of rules: breaks a copy of a set-up, and expects what is said of it."""
import copy
import unittest

from check import clusters


def find(objects, kind, name):
    return next(o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name))


class Breaking(unittest.TestCase):
    """`setups` has pairs of lists of objects by name, `rules` what is to be tested."""
    setups = {}
    default = None

    @staticmethod
    def rules(a, b):
        raise NotImplementedError

    def broken(self, message, break_it, setup=None):
        a, b = copy.deepcopy(self.setups[setup or self.default])
        break_it(a, b)
        found = [*self.rules(clusters.Cluster(a), clusters.Cluster(b))]
        self.assertTrue(any(message in line for line in found), found)

    def edit(self, message, side, kind, name, edit, setup=None):
        self.broken(message, lambda *ab: edit(find(ab[side], kind, name)["spec"]), setup)

    def remove(self, message, side, kind, name, setup=None):
        def take_out(*ab):
            ab[side].remove(find(ab[side], kind, name))
        self.broken(message, take_out, setup)

    def check_unbroken(self):
        for a, b in self.setups.values():
            self.assertEqual([*self.rules(clusters.Cluster(a), clusters.Cluster(b))], [])
