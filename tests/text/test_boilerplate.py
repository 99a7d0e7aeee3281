from __future__ import annotations

import pytest

from newsletter.text.boilerplate import is_author_bio, is_note, is_request, without_requests
from newsletter.text.passage import Kind, Passage


@pytest.mark.parametrize(
    "sentence",
    [
        "Sign up for our Tech Decoded newsletter to follow the world's top tech stories and trends.",
        "Sign up here.",
        "Subscribe to our weekly newsletter for more stories like this!",
        "Please subscribe to the podcast on your favourite app.",
        "Get the best of the week delivered to your inbox.",
        "Click here to read the full report.",
        "Click on the link below for tickets.",
        "Read more",
        "Read more: How chips are made",
        "Read more about the launch on our site.",
        "Learn more here.",
        "Continue reading on the main site →",
        "Follow us on Twitter and Facebook.",
        "Follow @example on Mastodon for updates.",
        "Like us on Facebook!",
        "Join our Telegram channel.",
        "Share this article",
        "Share this post on LinkedIn.",
        "Leave a comment below and tell us.",
        "Let us know what you think in the comments.",
        "Got a tip? Write to us.",
        "Thanks for reading!",
        "Related: Ten more chips",
        "» Watch: the launch in full",
        "The full changelog is here.",
        "Abonnieren Sie unseren Newsletter.",
        "点击这里查看更多内容",
    ],
)
def test_requests_of_the_source(sentence: str) -> None:
    assert is_request(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Sign-ups for newsletters rose by a third last year.",
        "Signing up for a newsletter now takes two clicks, a study finds.",
        "Subscribers to the service will pay more from May.",
        'The button reads "Sign up for our newsletter" and leads nowhere.',
        "Click fraud costs advertisers billions.",
        "Clicking here and there, the robot found its way.",
        "Reading more than ten books a year is rare.",
        "Follow-up tests on the rocket are planned.",
        "Following us home, the drone recorded everything.",
        "Share prices of chip makers fell on Monday.",
        "Shares in the company rose after it said it would share data with rivals.",
        "Newsletter start-up Inkwell raises ten million.",
        "Watch makers in Switzerland turn to chips.",
        "Related companies must now report jointly.",
        "Register offices will issue digital certificates.",
        "Joining the group are three banks and our neighbours.",
        "Like us, octopuses dream.",
        "Get well cards can now be sent by drone.",
        "Outside the UK, the phone sells for less.",
    ],
)
def test_news_about_such_things_stays(sentence: str) -> None:
    assert not is_request(sentence)
    assert not is_note(Passage(Kind.PARAGRAPH, sentence))


@pytest.mark.parametrize(
    "paragraph",
    [
        "By Jane Doe",
        "By Jane Doe and John Q. Public, 3 minute read",
        "Written by: Jane Doe | 12 May 2026",
        "5 min read",
        "Reading time: 4 minutes",
        "Updated on 12 May 2026 at 10:00",
        "Published: May 12, 2026",
        "UPDATE (12 May 2026): the figures were corrected.",
        "This article first appeared in The Example.",
        "This post was originally published on example.org.",
        "Originally published at https://example.org.",
        "Photo: Jane Doe / Getty Images",
        "Image credit: NASA",
        "Picture by Jane Doe",
        "A crowd in front of the shop (Reuters)",
        "Advertisement",
        "Table of contents",
        "目录",
        "May 12, 2026",
        "Tuesday, 12 May 2026",
        "Hello everyone,",
        "Good morning!",
        "Editor's note: this is a guest post by Jane Doe.",
        "We use cookies to improve your experience.",
        "We may earn a commission if you buy through our links.",
        "© 2026 The Example. All rights reserved.",
        "Share | Tweet | Email",
        "Tags: chips, robots",
        "Top stories as of 05:00 UTC",
    ],
)
def test_notes_about_the_page(paragraph: str) -> None:
    assert is_note(Passage(Kind.PARAGRAPH, paragraph))


@pytest.mark.parametrize(
    "paragraph",
    [
        "By midnight the servers were back.",
        "By Friday, Apple and Google had both agreed to the plan.",
        "Updated phones will arrive in May.",
        "Photo sharing is the new frontier, says the company.",
        "Advertisement spending fell by 3% in 2025, the agency said.",
        "In this article of faith lies the whole business model of the company.",
        "This story begins in a garage.",
        "Hello World is the first program of most people.",
        "Dear as they are, the new phones sell well.",
        "Contents of the leaked files point to a takeover.",
        "May 12 was the day the network died.",
        "Next year the satellite will be launched.",
        "Correction fluid was invented in 1956 by a typist.",
        "Video games are good for you.",
    ],
)
def test_prose_that_begins_like_a_note_stays(paragraph: str) -> None:
    assert not is_note(Passage(Kind.PARAGRAPH, paragraph))


def test_bold_lines_without_a_full_stop_are_headings() -> None:
    assert is_note(Passage(Kind.PARAGRAPH, "What happened next in the lab", emphatic=True))
    assert not is_note(Passage(Kind.PARAGRAPH, "It is big!", emphatic=True))


def test_a_question_that_leads_to_a_request_goes_with_it() -> None:
    text = "The robot works. Outside the UK? Sign up here."
    assert without_requests(text) == ["The robot works."]
    assert without_requests("Is it true? Nobody knows.") == ["Is it true?", "Nobody knows."]


def test_authors_introduced() -> None:
    assert is_author_bio("Jane Doe is a freelance technology writer based in Leeds.")
    assert not is_author_bio("The robot is a good listener, an editor said.")
