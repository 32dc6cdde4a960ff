"""Walking trees: order, sharing, depth."""

from dataclasses import dataclass

from funfact.graph import fold, postorder


@dataclass(frozen=True, eq=False)
class Node:
    name: str
    below: tuple["Node", ...] = ()


def test_children_come_before_parents_and_left_before_right():
    a, b, c = Node("a"), Node("b"), Node("c")
    root = Node("root", (Node("ab", (a, b)), c))
    assert [node.name for node in postorder(root)] == ["a", "b", "ab", "c", "root"]


def test_a_shared_node_is_visited_once():
    shared = Node("s")
    visits = []
    fold(Node("root", (shared, Node("x", (shared,)))), lambda node, _: visits.append(node.name))
    assert visits == ["s", "x", "root"]


def test_fold_hands_over_the_results_of_the_children_in_order():
    root = Node("-", (Node("5"), Node("3")))

    def evaluate(node, below):
        return below[0] - below[1] if below else int(node.name)

    assert fold(root, evaluate) == 2


def test_a_doubling_dag_is_linear_and_a_long_chain_does_not_recurse():
    node = Node("leaf")
    for _ in range(100):
        node = Node("+", (node, node))
    assert fold(node, lambda _, below: sum(below) if below else 1) == 2**100
    for _ in range(20_000):
        node = Node("-", (node,))
    assert len(postorder(node)) == 20_101
