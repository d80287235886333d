"""Publishing promotions and the organisation: read, checked against each other, sealed; or every problem at once.

Rules of this module:

- Either text may be given alone; the other one stays as it was published before.
- All problems of all files are found before anything is stored; what is in force stays so until then.
- Fields whose rule is not built yet are kept, and named in the answer.
- A sample picture published before is used again where its promotion names it still and none is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kiosk.clock import to_ms
from kiosk.core.contradictions import contradictions
from kiosk.core.credential import fold, fold_word
from kiosk.core.organisation import Fault, Organisation
from kiosk.core.promotion import Promotion, collisions
from kiosk.core.rivals import rivals
from kiosk.core.worst_cases import exposure_words
from sync.head_office import cosigning, listed
from sync.head_office.changes import Change, changes_between
from sync.head_office.guesses import Guesses
from sync.head_office.listed import ListChange
from sync.head_office.new_codes import GivenCodes, KeptOfCodes, NewCodes, list_changes, new_codes
from sync.head_office.new_codes import wanted as wanted_codes
from sync.head_office.office import HeadOffice
from sync.head_office.people import follow_organisation, without_pin
from sync.head_office.problems import Note, Problem, RefusedPublication
from sync.head_office.published import Current, current, published_texts
from sync.head_office.reading import OrganisationText, PromotionsText, read_organisation, read_promotions
from sync.head_office.records import ListedCode, SourceText
from sync.head_office.rotating_keys import held as rotating_keys
from sync.head_office.sample_files import Found, Samples, find_samples, sample_name, settle
from sync.head_office.sealing import kept_samples, seal
from sync.head_office.store import HeadOfficeStore
from sync.head_office.worth_knowing import notes_on

__all__ = ["Change", "Current", "NewCodes", "Problem", "Published", "RefusedPublication", "check", "current", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing came to. ``titles`` are by promotion id.

    ``guesses``, for those with listed codes, is what a thief with a counter's device needs for one of them.
    ``worst_cases`` are what each comes to at worst if every counter is cut off, in words. ``waits``: it comes
    into force with a second person's signature.
    """

    version: int
    at_ms: int
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
    titles: Mapping[str, str]
    guesses: Mapping[str, Guesses]
    worst_cases: Mapping[str, str]
    waits: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    promotions: PromotionsText
    organisation: OrganisationText
    lists: Mapping[str, ListChange]
    held: Mapping[str, Sequence[ListedCode]]
    samples: Mapping[str, bytes]
    of_codes: KeptOfCodes


def publish(
    office: HeadOffice,
    *,
    promotions: str | None = None,
    organisation: str | None = None,
    codes: GivenCodes = None,
    samples: Samples | None = None,
    by: str = "",
) -> Published:
    """Publish new texts, and import ``codes`` by promotion id, each list in place of the one imported before.

    ``samples`` finds the sample pictures that ``promotions`` names.

    Raises :class:`RefusedPublication`; then nothing has changed.
    """
    given = _given(promotions, organisation)
    found = _found(given, samples)  # decoded before the store is locked: a large picture takes its time
    with office.store.together() as store:
        texts = _with_kept(office, given)  # read in here: another publication may just have changed the other text
        before = current(office)
        plan = _plan(office, store, texts, new_codes(codes), found)
        answer = _answer(office, store, before, plan)
        _keep(office, store, plan, by, (promotions, organisation))
        return replace(answer, waits=cosigning.waiting(store) is not None)


def check(
    office: HeadOffice,
    *,
    promotions: str | None = None,
    organisation: str | None = None,
    codes: GivenCodes = None,
    samples: Samples | None = None,
) -> Published:
    """As :func:`publish`, but nothing is stored: what it would come to, or the same refusal."""
    given = _given(promotions, organisation)
    plan = _plan(office, office.store, _with_kept(office, given), new_codes(codes), _found(given, samples))
    return _answer(office, office.store, current(office), plan)


# --- reading -----------------------------------------------------------------------------------


_Given = tuple[PromotionsText | None, OrganisationText | None]


def _given(promotions: str | None, organisation: str | None) -> _Given:
    return (
        None if promotions is None else read_promotions(promotions),
        None if organisation is None else read_organisation(organisation),
    )


def _found(given: _Given, samples: Samples | None) -> Found | None:
    """The sample pictures that the promotions given name; None: no promotions are given."""
    promotions, _ = given
    if promotions is None:
        return None
    return {} if samples is None else find_samples(promotions.promotions.values(), samples)


def _with_kept(office: HeadOffice, given: _Given) -> tuple[PromotionsText, OrganisationText]:
    promotions, organisation = given
    kept_promotions, kept_organisation = published_texts(office)
    return (
        kept_promotions if promotions is None else promotions,
        kept_organisation if organisation is None else organisation,
    )


# --- checking across files ---------------------------------------------------------------------


def _plan(
    office: HeadOffice,
    store: HeadOfficeStore,
    texts: tuple[PromotionsText, OrganisationText],
    codes: NewCodes,
    found: Found | None,
) -> _Plan:
    promotions, organisation = texts
    problems = [*promotions.problems, *organisation.problems, *_unknown_lists(promotions, codes.promotions)]
    problems += [*_across(promotions, organisation), *codes.problems(organisation.organisation)]
    samples, unfound = _samples(office, store, promotions, found)
    problems += unfound
    held = {one.id: store.listed_codes(one.id) for one in promotions.promotions.values()}
    key = office.keys.fleet_key
    wanted = wanted_codes(key, promotions.promotions.values(), codes)
    lists = list_changes(key, held, wanted, codes)
    of_codes = KeptOfCodes.of(store, key, held, lists, codes)
    problems += of_codes.problems()
    problems += _code_collisions(office, promotions, held, lists, wanted)
    if problems:
        raise RefusedPublication(problems)
    return _Plan(promotions, organisation, lists, held, samples, of_codes)


def _across(promotions: PromotionsText, organisation: OrganisationText) -> list[Problem]:
    readable = tuple(promotions.promotions.values())
    known = organisation.organisation if organisation.readable else None
    faults = [*collisions(readable), *contradictions(readable, known), *rivals(readable, promotions.ids)]
    return [promotions.problem(fault) for fault in faults]


def _samples(
    office: HeadOffice, store: HeadOfficeStore, promotions: PromotionsText, found: Found | None
) -> tuple[Mapping[str, bytes], list[Problem]]:
    """Sample pictures by promotion. One that the text in force misses is no problem of whoever sends another text."""
    before, kept = current(office), kept_samples(store)
    named = {
        name: kept[one.id] for one in (before.promotions if before else ())
        if (name := sample_name(one)) and one.id in kept
    }  # fmt: skip
    pictures, faults = settle(promotions.promotions.values(), found or {}, named)
    return pictures, [] if found is None else [promotions.problem(fault) for fault in faults]


def _unknown_lists(promotions: PromotionsText, codes: Sequence[str]) -> list[Problem]:
    problems = []
    by_id = {one.id: one for one in promotions.promotions.values()}
    for name in codes:
        if name not in by_id and not promotions.problems:
            cure = f"Known here: {', '.join(by_id) or 'none'}."
            problems.append(Problem("codes", 0, 0, "", f"There is no promotion {name!r} to import codes for.", cure))
        elif name in by_id and "listed" not in by_id[name].credentials:
            message = f"{name!r} takes no listed codes."
            problems.append(Problem("codes", 0, 0, "", message, "Add listed to its credentials."))
    return problems


def _code_collisions(
    office: HeadOffice,
    promotions: PromotionsText,
    held: Mapping[str, Sequence[ListedCode]],
    lists: Mapping[str, ListChange],
    wanted: Mapping[str, tuple[Mapping[bytes, str], Mapping[bytes, str] | None]],
) -> list[Problem]:
    """Imported codes that another promotion has too, as a code or as a word."""
    after = {name: listed.applied(held[name], change) for name, change in lists.items()}
    words = {
        fold_word(fold(word)): one.id for one in promotions.promotions.values() for word in one.words
    }  # fmt: skip
    problems = []
    for digest, (first, second) in listed.twice_listed(after).items():
        sources = [source for name in (first, second) for source in wanted[name] if source and digest in source]
        inline = all(digest in wanted[name][0] for name in (first, second))
        if not inline:  # two inline ones were told with their lines already
            text = sources[0][digest] if sources else "A code imported before"
            problems.append(_collision(text, f"is listed for {first!r} and for {second!r}."))
    for name, (_, imported) in wanted.items():
        for code in (imported or {}).values():
            other = words.get(fold_word(fold(code)))
            if other is not None:
                problems.append(_collision(code, f"of {name!r} is a word of {other!r} too (look-alikes aside)."))
    return problems + _words_already_listed(office, promotions, after)


def _collision(code: str, what: str) -> Problem:
    short = code if len(code) <= 40 else f"{code[:40]}…"
    return Problem("codes", 0, 0, "", f"{short!r} {what}", "Take it out of one of the two.", short)


def _words_already_listed(
    office: HeadOffice, promotions: PromotionsText, after: Mapping[str, Sequence[ListedCode]]
) -> list[Problem]:
    """Words that were imported as a code some time before (look-alikes of those cannot be seen any more)."""
    imported = {
        row.digest: name for name, rows in after.items() for row in rows if row.live and row.source == "imported"
    }
    problems = []
    for i, one in enumerate(promotions.promotions.values()):
        for k, word in enumerate(one.words):
            found = imported.get(next(iter(listed.digests_of(office.keys.fleet_key, [word]))))
            if found is not None:
                what = f"{word!r} is a listed code of {found!r} too."
                problems.append(
                    promotions.problem(Fault(("promotions", i, "words", k), what, "Change one of the two."))
                )
    return problems


# --- storing -----------------------------------------------------------------------------------


def _keep(
    office: HeadOffice, store: HeadOfficeStore, plan: _Plan, by: str, given: tuple[str | None, str | None]
) -> None:
    for name, change in plan.lists.items():
        if change.rows:
            store.put_listed_codes(name, change.rows)
    plan.of_codes.keep(store)
    follow_organisation(store, plan.organisation.organisation)
    readable = tuple(plan.promotions.promotions.values())
    bundle = seal(office, store, readable, plan.organisation.organisation, plan.samples)
    for kind, text in zip(("promotions", "organisation"), given, strict=True):
        if text is not None:
            source = SourceText(
                kind="promotions" if kind == "promotions" else "organisation",
                version=bundle.version, at_ms=bundle.published_at_ms, by=by, text=text,
            )  # fmt: skip
            cosigning.put_source(store, source)


def _answer(office: HeadOffice, store: HeadOfficeStore, before: Current | None, plan: _Plan) -> Published:
    latest = store.latest_bundle()
    readable = tuple(plan.promotions.promotions.values())
    guesses = plan.of_codes.guesses(readable)
    return Published(
        version=(latest.version if latest else 0) + 1,
        at_ms=to_ms(office.clock.now()),
        changes=changes_between(
            (before.promotions, before.organisation) if before else ((), Organisation(name="-")),
            (readable, plan.organisation.organisation),
            plan.lists,
        ),
        notes=_notes(office, store, plan, guesses),
        titles={one.id: one.title for one in readable},
        guesses=guesses,
        worst_cases=_worst_cases(readable, plan.organisation.organisation),
    )


def _worst_cases(promotions: Iterable[Promotion], organisation: Organisation) -> Mapping[str, str]:
    words = {one.id: exposure_words(one, organisation) for one in promotions}
    return {id_: said for id_, said in words.items() if said is not None}


def _notes(office: HeadOffice, store: HeadOfficeStore, plan: _Plan, guesses: Mapping[str, Guesses]) -> tuple[Note, ...]:
    organisation = plan.organisation.organisation
    applied = {name: listed.applied(plan.held[name], change) for name, change in plan.lists.items()}
    with_codes = {name for name, rows in applied.items() if any(row.live for row in rows)}
    nobody = without_pin(store, organisation)
    today = office.clock.now().date()
    kept = rotating_keys(office)
    return notes_on(
        plan.promotions, organisation, today, listed=with_codes, keys=kept, without_pin=nobody, guesses=guesses
    )
