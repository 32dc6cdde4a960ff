"""`check` finds each way in which a representation can be malformed."""

import pytest

from funfact.compiler.ir import PRODUCT, Axis, Const, Contract, Load, Map, Term, check

I, J = Axis(2), Axis(3)
X = Load("x", (2, 3))


def test_shapes_follow_from_the_axes():
    assert Map("exp", (Term(X, (I, J)),), (J, I)).shape == (3, 2)
    assert Contract(PRODUCT, (Term(X, (I, J)),), ((I, J), ())).shape == (6, 1)


@pytest.mark.parametrize(
    "good",
    [
        X,
        Const(2),
        Map("exp", (Term(X, (I, J)),), (I, J)),
        Map("add", (Term(X, (I, J)), Term(Load("y", (2, 1)), (I, None))), (I, J)),
        Contract(PRODUCT, (Term(X, (I, J)), Term(X, (I, J))), ()),
        Contract(PRODUCT, (Term(Load("s", (2, 2)), (I, I)),), ((I,),)),
    ],
)
def test_well_formed(good):
    check(good)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Map("exp", (Term(X, (I, J)),) * 2, (I, J)), "exp"),
        (Map("add", (Term(X, (I, J)),), (I, J)), "add"),
        (Map("exp", (Term(X, (I, J)),), (I,)), "reduces nothing"),
        (Map("exp", (Term(X, (I, J)),), (I, J, I)), "stands twice"),
        (Map("exp", (Term(X, (I, J)),), (I, J, Axis(4))), "no operand carries"),
        (Map("exp", (Term(X, (I,)),), (I,)), "one axis a dimension"),
        (Map("exp", (Term(X, (J, I)),), (I, J)), "axis of 3 on a dimension of 2"),
        (Map("exp", (Term(X, (None, J)),), (J,)), "a broadcast dimension has size 2"),
        (Contract(PRODUCT, (), ()), "without operands"),
        (Contract(PRODUCT, (Term(X, (I, J)),), ((I,), (I,))), "stands twice"),
        (Contract(PRODUCT, (Term(X, (I, J)),), ((Axis(2),),)), "no operand carries"),
    ],
)
def test_malformed(bad, why):
    with pytest.raises(AssertionError, match=why):
        check(bad)


def test_nodes_are_themselves():
    assert Load("x", (2,)) != Load("x", (2,))
    assert Axis(2) != Axis(2)
