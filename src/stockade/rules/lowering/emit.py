"""A plan as LLVM IR: one generator for the kernel's programs and for native code.

The verifier follows every value that it knows. So leaf numbers go through the slot's scratch
memory, of which it knows nothing; what it then loads is bounded by an AND, and tables are padded to
powers of two. Where ways meet again, registers hold the same kinds of things.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence

from stockade.events import FIRED_MAX
from stockade.events._records import SLOT, Outcome, Verdict
from stockade.rules.lowering.automaton import STATE_BITS
from stockade.rules.lowering.formulas import Bits, Buffer, Number, Same, Text
from stockade.rules.lowering.knowledge import WORDS
from stockade.rules.lowering.parts import Whose
from stockade.rules.lowering.plan import (
    COLUMNS_MAX,
    WORD_BITS,
    Beginning,
    Check,
    Column,
    End,
    Inside,
    Piece,
    Plan,
    Source,
    Switch,
    Value,
    Word,
)
from stockade.rules.lowering.search import WORD, Leaf, Node

STRING_MAX = 4096
# No string begins behind this: what follows a record in its slot is room for a whole one.
TAIL_MAX = SLOT["walk"] - SLOT["record"]
_ABSENT, _VALUE, _TRUNCATED = 0, 1, 1
_MISSING, _UNREADABLE = 0, 1
_CODES = {8: "i8", 16: "i16", 32: "i32", 64: "i64"}
_M64 = (1 << 64) - 1

PREAMBLE = "declare i64 @llvm.bswap.i64(i64)\n"
ATTRIBUTES = 'attributes #0 = { nounwind "no-jump-tables"="true" "no-builtins" }\n'


class Emitter:
    """Writes the code that decides a plan for the record in a slot.

    Args:
        name: goes before the names of its tables.
        section: of the tables, where they need one.
    """

    def __init__(self, name: str, *, section: str | None = None) -> None:
        self._name = name
        self._section = f', section "{section}"' if section else ""
        self._lines: list[str] = []
        self._tables: list[str] = []
        self._count = 0
        self._block = ""
        self._candidates: list[str] = []
        # By column: the label of its rows, how many there are, and how many bytes each has.
        self._rows: dict[int, tuple[str, int, int]] = {}
        # By column: the words that its pieces are bits of.
        self._pieces: dict[int, list[str]] = {}
        self._plan: Plan

    def body(self, plan: Plan) -> str:
        """The blocks from %decide on; %slot is the slot, and they return the verdict."""
        self._plan = plan
        self._begin("decide")
        self._candidates = _all_candidates(plan)
        self._read_columns(plan)
        self._settle_parts()
        self._run_checks(plan)
        self._ask_words(plan)
        self._jump("submit")
        self._end("drop", Verdict.DROP)
        self._end("submit", Verdict.SUBMIT)
        return "\n".join(self._lines) + "\n"

    def decision(self, plan: Plan, outcomes: Sequence[Outcome], rules: int) -> str:
        """Blocks from %judge on that find out which formulas hold, and return what is done.

        Args:
            plan: an exact one.
            outcomes: what each formula comes to, where it holds.
            rules: the set of rules that they are made of.
        """
        self._plan = plan
        self._begin("judge")
        self._candidates = _all_candidates(plan)
        self._read_columns(plan)
        self._look_up_scope()
        self._run_checks(plan)
        self._ask_words(plan, decides=True)
        self._answer(outcomes, rules)
        return "\n".join(self._lines) + "\n"

    def _read_columns(self, plan: Plan) -> None:
        for column in plan.columns:
            self._read(column)
            self._lay_out(column)
            self._keep(column)
            self._leave_if_none()
            self._pieces[column.index] = self._piece_words(column)

    def _look_up_scope(self) -> None:
        """What the agent has said of the container; all may hold, and fail, where it has not."""
        words = [self._at("%slot", SLOT["record"] + word.offset) for word in WORDS[Whose.CONTAINER]]
        if self._section:
            for place in words:
                self._put(f"store i64 -1, ptr {place}, align 8")
            key = self._at("%slot", SLOT["frame.container_key"])
            found = self._value(f"call ptr inttoptr (i64 1 to ptr)(ptr @scopes, ptr {key})")
            told, asked = self._label(), self._label()
            self._branch(self._value(f"icmp eq ptr {found}, null"), asked, told)
            self._begin(told)
            for at, place in enumerate(words):
                word = self._load(self._at(found, at * WORD))
                self._put(f"store i64 {word}, ptr {place}, align 8")
            self._jump(asked)
            self._begin(asked)

    def _answer(self, outcomes: Sequence[Outcome], rules: int) -> None:
        """Say which formulas hold, and the strictest of what they come to."""
        for word, candidates in enumerate(self._candidates):
            place = self._at("%slot", SLOT["frame.fired"] + word * WORD)
            self._put(f"store i64 {candidates}, ptr {place}, align 8")
        for word in range(len(self._candidates), FIRED_MAX // WORD_BITS):
            place = self._at("%slot", SLOT["frame.fired"] + word * WORD)
            self._put(f"store i64 0, ptr {place}, align 8")
        place = self._at("%slot", SLOT["frame.rules"])
        self._put(f"store i64 {_signed(rules)}, ptr {place}, align 8")
        for outcome in (Outcome.KILL, Outcome.DENY):
            masks = [0] * self._plan.words
            for number, each in enumerate(outcomes):
                masks[number // WORD_BITS] |= (each is outcome) << number % WORD_BITS
            if any(masks):
                following = self._label()
                label = outcome.name.lower()
                self._branch(self._compare("ne", self._any(masks), 0), label, following)
                self._begin(following)
        self._jump("audit")
        for outcome in {*outcomes, Outcome.AUDIT}:
            self._end(outcome.name.lower(), outcome, "frame.outcome")
        self._end("drop", Outcome.ALLOW, "frame.outcome")

    def _settle_parts(self) -> None:
        """What is known of other parts than the plan's is nothing: they may hold, and may fail."""
        asked = {each.source.number for each in self._plan.late if isinstance(each.source, Word)}
        for whose, words in WORDS.items():
            if asked.isdisjoint(words):
                continue
            known = self._load(self._at("%slot", SLOT[f"frame.{whose.value}.set"]))
            ours = self._compare("eq", known, self._plan.set)
            for word in words:
                place = self._at("%slot", SLOT["record"] + word.offset)
                told = self._value(f"select i1 {ours}, i64 {self._load(place)}, i64 -1")
                self._put(f"store i64 {told}, ptr {place}, align 8")

    @property
    def tables(self) -> str:
        """The constants that the code refers to."""
        return "".join(self._tables)

    # ---- the writing of instructions ----

    def _begin(self, block: str) -> None:
        self._lines.append(f"{block}:")
        self._block = block

    def _label(self) -> str:
        self._count += 1
        return f"b{self._count}"

    def _put(self, line: str) -> None:
        self._lines.append(f"  {line}")

    def _value(self, expression: str) -> str:
        self._count += 1
        self._put(f"%v{self._count} = {expression}")
        return f"%v{self._count}"

    def _jump(self, block: str) -> None:
        self._put(f"br label %{block}")

    def _branch(self, condition: str, then: str, otherwise: str) -> None:
        self._put(f"br i1 {condition}, label %{then}, label %{otherwise}")

    def _calculate(self, operation: str, left: str, right: str | int) -> str:
        return self._value(f"{operation} i64 {left}, {_signed(right)}")

    def _compare(self, relation: str, left: str, right: str | int) -> str:
        return self._value(f"icmp {relation} i64 {left}, {_signed(right)}")

    def _at(self, base: str, offset: str | int) -> str:
        return self._value(f"getelementptr i8, ptr {base}, i64 {offset}")

    def _load(self, pointer: str, bits: int = 64, *, volatile: bool = False) -> str:
        """What a pointer leads to, widened to 64 bits.

        Strings begin anywhere. All the same LLVM is told that words are aligned, or it would load
        them byte by byte: it is the kernel, and the processor, that allow it.
        """
        kind = "volatile " if volatile else ""
        found = self._value(f"load {kind}{_CODES[bits]}, ptr {pointer}, align {bits // 8}")
        return found if bits == WORD_BITS else self._value(f"zext {_CODES[bits]} {found} to i64")

    def _field(self, offset: int, size: int) -> str:
        """A member of the record."""
        return self._load(self._at("%slot", SLOT["record"] + offset), size * 8)

    def _scratch(self, column: Column) -> str:
        return self._at("%slot", SLOT["frame.scratch"] + WORD * column.index)

    def _forget(self, value: str) -> str:
        """Have the verifier know nothing of a value, by way of memory; gives where it is kept."""
        place = self._at("%slot", SLOT["frame.scratch"] + WORD * COLUMNS_MAX)
        self._put(f"store volatile i64 {value}, ptr {place}, align 8")
        return place

    def _remember(self, column: Column, value: str | int) -> None:
        self._put(f"store volatile i64 {value}, ptr {self._scratch(column)}, align 8")

    def _end(self, block: str, verdict: Verdict | Outcome, member: str = "frame.verdict") -> None:
        self._begin(block)
        place = self._at("%slot", SLOT[member])
        self._put(f"store volatile i32 {verdict.value}, ptr {place}, align 4")
        # The kernel lets programs at functions return nothing else; they answer in the slot.
        self._put(f"ret i64 {0 if self._section else verdict.value}")

    def _table(self, name: str, values: Iterable[int], code: str) -> str:
        data = b"".join(struct.pack(f"<{code}", value) for value in values)
        text = "".join(f"\\{byte:02x}" for byte in data)
        label = f"@{self._name}_{name}"
        self._tables.append(
            f'{label} = internal constant [{len(data)} x i8] c"{text}"{self._section}, align 8\n'
        )
        return label

    # ---- columns ----

    def _read(self, column: Column) -> None:
        """Find the leaf, and leave its number in scratch memory."""
        joined = self._label()
        readers: dict[type[Source], Callable[[Column, str], None]] = {
            Switch: self._read_switch,
            Value: self._read_number,
            Beginning: self._read_beginning,
            End: self._read_end,
            Inside: self._read_inside,
            Word: self._read_word,
        }
        readers[type(column.source)](column, joined)
        self._begin(joined)

    def _number(self, number: Number) -> str:
        value = self._field(number.offset, number.size)
        bits = min(number.bits, number.size * 8)
        if number.shift:
            value = self._calculate("lshr", value, number.shift)
        if bits < number.size * 8:
            value = self._calculate("and", value, (1 << bits) - 1)
        if number.signed and bits < WORD_BITS:
            value = self._calculate("shl", value, WORD_BITS - bits)
            value = self._calculate("ashr", value, WORD_BITS - bits)
        return value

    def _read_switch(self, column: Column, joined: str) -> None:
        if not isinstance(column.source, Switch):
            raise TypeError(column.source)
        match column.source.probe:
            case Bits(number, mask, value):
                found = self._calculate("and", self._number(number), mask)
                differs = self._calculate("xor", found, value)
            case Same(first, second):
                differs = self._calculate("xor", self._number(first), self._number(second))
        # Without a branch, after which the verifier would have two ways to follow: what is not
        # zero, or its negative, has the highest bit.
        negative = self._value(f"sub i64 0, {differs}")
        top = self._calculate("lshr", self._calculate("or", differs, negative), WORD_BITS - 1)
        self._remember(column, self._calculate("xor", top, 1))
        self._jump(joined)

    def _read_number(self, column: Column, joined: str) -> None:
        if not isinstance(column.source, Value) or column.tree is None:
            raise TypeError(column.source)
        value = self._number(column.source.number)
        self._descend(column, column.tree, lambda _: value, joined)

    def _read_word(self, column: Column, joined: str) -> None:
        if not isinstance(column.source, Word):
            raise TypeError(column.source)
        self._remember(column, self._number(column.source.number))
        self._jump(joined)

    def _read_beginning(self, column: Column, joined: str) -> None:
        if not isinstance(column.source, Beginning) or column.tree is None:
            raise TypeError(column.source)
        string = column.source.string
        if isinstance(string, Buffer):
            self._descend(column, column.tree, lambda word: self._buffer_word(string, word), joined)
            return
        offset, length = self._text(string, column, joined)
        start = self._at(self._at("%slot", SLOT["record"]), offset)
        self._descend(
            column, column.tree, lambda word: self._text_word(start, length, word), joined
        )

    def _read_end(self, column: Column, joined: str) -> None:
        if not isinstance(column.source, End) or column.tree is None:
            raise TypeError(column.source)
        offset, length = self._text(column.source.string, column, joined)
        end = self._at(self._at(self._at("%slot", SLOT["record"]), offset), length)
        self._descend(column, column.tree, lambda word: self._end_word(end, length, word), joined)

    def _descend(self, column: Column, node: Node, word: Callable[[int], str], joined: str) -> None:
        """Search the ranges of one word by halves."""
        value = word(node.word)

        def halve(ranges: tuple[tuple[int, Node | Leaf], ...]) -> None:
            if len(ranges) > 1:
                middle = len(ranges) // 2
                below, above = self._label(), self._label()
                self._branch(self._compare("ult", value, ranges[middle][0]), below, above)
                self._begin(below)
                halve(ranges[:middle])
                self._begin(above)
                halve(ranges[middle:])
                return
            following = ranges[0][1]
            if isinstance(following, Node):
                self._descend(column, following, word, joined)
            else:
                self._remember(column, column.leaf_ids[following])
                self._jump(joined)

        halve(node.ranges)

    # ---- strings ----

    def _text(self, text: Text, column: Column, joined: str) -> tuple[str, str]:
        """Offset and length of a string that is known; another goes to its own leaf."""
        state = self._field(text.ref + 4, 1)
        missing, there = self._label(), self._label()
        self._branch(self._compare("eq", state, _ABSENT), missing, there)
        self._begin(missing)
        self._remember(column, 0 if column.automaton else _MISSING)
        self._jump(joined)
        self._begin(there)
        unreadable = self._label()
        self._require(self._compare("eq", state, _VALUE), unreadable)
        flags = self._calculate("and", self._field(text.ref + 5, 1), _TRUNCATED)
        self._require(self._compare("eq", flags, 0), unreadable)
        offset, length = self._field(text.ref, 2), self._field(text.ref + 2, 2)
        self._require(self._compare("ule", offset, TAIL_MAX - STRING_MAX), unreadable)
        self._require(self._compare("ule", length, STRING_MAX), unreadable)
        if text.skip >= 0:
            skip = self._field(text.skip, 2)
            self._require(self._compare("ule", skip, STRING_MAX), unreadable)
            self._require(self._compare("ule", skip, length), unreadable)
            offset = self._calculate("add", offset, skip)
            length = self._calculate("sub", length, skip)
            # The verifier has lost what it knew of it.
            self._require(self._compare("ule", length, STRING_MAX), unreadable)
        known = self._label()
        self._jump(known)
        self._begin(unreadable)
        self._remember(column, 0 if column.automaton else _UNREADABLE)
        self._jump(joined)
        self._begin(known)
        return offset, length

    def _require(self, condition: str, otherwise: str) -> None:
        then = self._label()
        self._branch(condition, then, otherwise)
        self._begin(then)

    def _buffer_word(self, buffer: Buffer, word: int) -> str:
        if (word + 1) * WORD > buffer.size:
            return "0"
        return self._swapped(self._field(buffer.offset + word * WORD, WORD))

    def _swapped(self, value: str) -> str:
        """With the first byte the most significant one."""
        return self._value(f"call i64 @llvm.bswap.i64(i64 {value})")

    def _text_word(self, start: str, length: str, word: int) -> str:
        """Eight bytes from the beginning on, zeros behind the end."""
        value = self._swapped(self._load(self._at(start, word * WORD)))
        return self._cut(value, length, word)

    def _end_word(self, end: str, length: str, word: int) -> str:
        """Eight bytes before the end, or before those, zeros before the beginning."""
        return self._cut(self._load(self._at(end, -(word + 1) * WORD)), length, word)

    def _cut(self, value: str, length: str, word: int) -> str:
        """Zeros for those of the lower bytes that are outside the string."""
        whole, part, done = self._label(), self._label(), self._label()
        self._branch(self._compare("uge", length, (word + 1) * WORD), whole, part)
        self._begin(part)
        # By two shifts, since there may be 64 bits to clear.
        missing = self._value(f"sub i64 {(word + 1) * WORD - 1}, {length}")
        bits = self._calculate("and", self._calculate("shl", missing, 3), WORD_BITS - 1)
        found = self._calculate("lshr", self._calculate("lshr", value, bits), 8)
        found = self._calculate("shl", self._calculate("shl", found, bits), 8)
        self._jump(done)
        self._begin(whole)
        self._jump(done)
        self._begin(done)
        return self._value(f"phi i64 [ {value}, %{whole} ], [ {found}, %{part} ]")

    # ---- automata ----

    def _read_inside(self, column: Column, joined: str) -> None:
        """Feed a string to its automaton; the parts that it has seen are bits."""
        if not isinstance(column.source, Inside) or column.automaton is None:
            raise TypeError(column.source)
        offset, length = self._text(column.source.string, column, joined)
        # Known bounds of the length would make every iteration another state to look at.
        kept = self._forget(length)
        start = self._at(self._at("%slot", SLOT["record"]), offset)
        entry, head, test, step = self._block, self._label(), self._label(), self._label()
        done = self._label()
        names = [f"%l{self._count}_{name}" for name in ("i", "state", "seen")]
        following = [f"{name}_next" for name in names]
        self._jump(head)
        self._begin(head)
        for name, later in zip(names, following, strict=True):
            self._put(f"{name} = phi i64 [ 0, %{entry} ], [ {later}, %{step} ]")
        # A bound that is a constant: older verifiers learn nothing from two unknowns.
        self._branch(self._compare("ult", names[0], STRING_MAX), test, done)
        self._begin(test)
        body = self._label()
        length = self._load(kept, volatile=True)
        self._branch(self._compare("ult", names[0], length), body, done)
        self._begin(body)
        rest = self._calculate("sub", self._load(kept, volatile=True), names[0])
        word = self._cut(self._swapped(self._load(self._at(start, names[0]))), rest, 0)
        state, seen = self._feed(column, word, names)
        self._jump(step)
        self._begin(step)
        self._put(f"{following[1]} = add i64 {state}, 0")
        self._put(f"{following[2]} = add i64 {seen}, 0")
        # Or the optimizer would count with pointers instead.
        advanced = self._hidden(self._calculate("add", names[0], WORD))
        self._put(f"{following[0]} = add i64 {advanced}, 0")
        self._jump(head)
        self._begin(done)
        self._remember(column, self._calculate("lshr", names[2], STATE_BITS))
        self._jump(joined)

    def _feed(self, column: Column, word: str, names: list[str]) -> tuple[str, str]:
        """The next eight bytes."""
        found = column.automaton
        if found is None:
            raise TypeError(column.source)
        classes = self._table(f"classes{column.index}", found.classes, "B")
        moves = self._table(f"moves{column.index}", found.table, "Q")
        state, seen = names[1], names[2]
        for byte in range(WORD):
            char = self._calculate("lshr", word, WORD_BITS - 8 * (byte + 1))
            char = self._calculate("and", char, 0xFF)
            kind = self._load(self._at(classes, char), 8)
            index = self._calculate("or", state, kind)
            index = self._calculate("and", index, len(found.table) - 1)
            move = self._load(self._at(moves, self._calculate("shl", index, 3)))
            seen = self._calculate("or", seen, move)
            state = self._calculate("and", move, (1 << STATE_BITS) - 1)
        return state, seen

    # ---- what follows ----

    def _lay_out(self, column: Column) -> None:
        """Write a column's rows, padded so that an AND bounds what is read of them."""
        width = 1 << (len(column.rows[0]) - 1).bit_length()
        count = 1 << (len(column.rows) - 1).bit_length()
        values = [value for row in column.rows for value in row + [0] * (width - len(row))]
        values += [0] * (count * width - len(values))
        label = self._table(f"rows{column.index}", values, "Q")
        self._rows[column.index] = label, count, width * WORD

    def _row_word(self, column: Column, at: int) -> str:
        """A word of the row that the leaf in scratch memory selects."""
        label, count, size = self._rows[column.index]
        leaf = self._load(self._scratch(column), volatile=True)
        leaf = self._calculate("and", leaf, count - 1)
        row = self._at(label, self._calculate("shl", leaf, size.bit_length() - 1))
        return self._load(self._at(row, at * WORD))

    def _keep(self, column: Column) -> None:
        for at, word in enumerate(column.words):
            kept = self._row_word(column, at)
            self._candidates[word] = self._calculate("and", self._candidates[word], kept)

    def _piece_words(self, column: Column) -> list[str]:
        if column.is_word:
            return [self._load(self._scratch(column), volatile=True)]
        first = len(column.words)
        return [self._row_word(column, at) for at in range(first, len(column.rows[0]))]

    def _any(self, masks: Iterable[int] | None = None) -> str:
        """The candidates together, or those of a mask."""
        found = "0"
        for word, mask in enumerate(masks or [_M64] * self._plan.words):
            if mask:
                part = self._candidates[word]
                if mask != _M64:
                    part = self._calculate("and", part, mask)
                found = part if found == "0" else self._calculate("or", found, part)
        return found

    def _leave_if_none(self) -> None:
        following = self._label()
        self._branch(self._compare("eq", self._any(), 0), "drop", following)
        self._begin(following)

    def _run_checks(self, plan: Plan) -> None:
        unread = list(plan.late)
        checks = [each for each in plan.checks if not _is_bit_of_word(each[0])]
        for check, mask in checks:
            asked = check.columns()
            for column in [each for each in unread if each in asked]:
                self._read_if_needed(column, plan)
                unread.remove(column)
            self._run_check(check, mask)
        if checks:
            self._leave_if_none()

    def _ask_words(self, plan: Plan, *, decides: bool = False) -> None:
        """The checks that are bits of words: without a branch for each, which are so many.

        The verifier would have two ways to follow at every one of them.
        """
        checks = [each for each in plan.checks if _is_bit_of_word(each[0])]
        if not checks:
            return
        columns = {column.index: column for check, _ in checks for column in check.columns()}
        known = ""
        for index, column in columns.items():
            self._read(column)
            (word,) = self._pieces[index] = self._piece_words(column)
            known = self._calculate("and", known, word) if known else word
        if not decides:
            following = self._label()
            # Where nothing is known, all may hold.
            self._branch(self._compare("eq", known, _M64), "submit", following)
            self._begin(following)
        for check, mask in checks:
            self._drop_failing(check, mask)
        self._leave_if_none()

    def _run_check(self, check: Check, mask: tuple[int, ...]) -> None:
        """Drop the candidates that need a check which fails."""
        test, before, joined = self._label(), self._block, self._label()
        self._branch(self._compare("ne", self._any(mask), 0), test, joined)
        self._begin(test)
        old = list(self._candidates)
        self._drop_failing(check, mask)
        after = self._block
        self._jump(joined)
        self._begin(joined)
        for word, kept in enumerate(self._candidates):
            if kept != old[word]:
                self._candidates[word] = self._value(
                    f"phi i64 [ {_signed(old[word])}, %{before} ], [ {kept}, %{after} ]"
                )

    def _drop_failing(self, check: Check, mask: tuple[int, ...]) -> None:
        # By a product: of a mask that is all ones or none, newer verifiers follow both.
        fails = self._hidden(self._calculate("xor", self._bit(check), 1))
        for word, part in enumerate(mask):
            if part:
                kept = self._calculate("xor", self._calculate("mul", fails, part), _M64)
                self._candidates[word] = self._calculate("and", self._candidates[word], kept)

    def _hidden(self, value: str) -> str:
        """A value of which LLVM knows nothing."""
        return self._value(f'call i64 asm sideeffect "", "=r,0"(i64 {value})')

    def _read_if_needed(self, column: Column, plan: Plan) -> None:
        """Only where a candidate is left that depends on it, and reading it is more than a load."""
        if isinstance(column.source, Word):
            self._read(column)
            self._pieces[column.index] = self._piece_words(column)
            return
        needed = [0] * plan.words
        for check, mask in plan.checks:
            if column in check.columns():
                needed = [old | new for old, new in zip(needed, mask, strict=True)]
        read, skip, joined = self._label(), self._label(), self._label()
        self._branch(self._compare("ne", self._any(needed), 0), read, skip)
        if not column.is_word:
            self._lay_out(column)
        self._begin(skip)
        self._jump(joined)
        self._begin(read)
        self._read(column)
        words, last = self._piece_words(column), self._block
        self._jump(joined)
        self._begin(joined)
        found = [self._value(f"phi i64 [ 0, %{skip} ], [ {word}, %{last} ]") for word in words]
        # Two ways to follow for each check, were it known which was taken.
        self._pieces[column.index] = [
            self._load(self._forget(word), volatile=True) for word in found
        ]

    def _bit(self, check: Check) -> str:
        """1 where a check holds, 0 where it does not."""
        if isinstance(check, Piece):
            return self._piece(check)
        found = ""
        operation = "and" if check.every else "or"
        for term in check.terms:
            bit = self._bit(term)
            found = self._calculate(operation, found, bit) if found else bit
        return found

    def _piece(self, piece: Piece) -> str:
        word = self._pieces[piece.column.index][piece.bit // WORD_BITS]
        bit = self._calculate("lshr", word, piece.bit % WORD_BITS)
        bit = self._calculate("and", bit, 1)
        if piece.column.is_word and piece.negated:
            return self._calculate("xor", bit, 1)
        return bit


def _all_candidates(plan: Plan) -> list[str]:
    return [
        _signed((1 << min(WORD_BITS, plan.rules - word * WORD_BITS)) - 1)
        for word in range(plan.words)
    ]


def _is_bit_of_word(check: Check) -> bool:
    return isinstance(check, Piece) and isinstance(check.column.source, Word)


def _signed(value: str | int) -> str:
    """As LLVM writes constants."""
    if isinstance(value, str):
        return value
    return str(value - (1 << 64) if value >> 63 else value)
