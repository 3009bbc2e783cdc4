"""YAML in which no key stands twice in one mapping: PyYAML and kubectl would take the last in silence."""
import yaml


class Loader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else []:
            # Other keys PyYAML refuses itself; what `<<` brings in is overridden on purpose.
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.construct_object(key)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    "in a mapping", node.start_mark, f"the key {name!r} stands here twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def load(text):
    return yaml.load(text, Loader)


def load_all(text):
    return yaml.load_all(text, Loader)
