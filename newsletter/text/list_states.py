"""What the states of other programs' subscriber lists mean, in seven languages."""

from __future__ import annotations

import re

from newsletter.domain.subscriber import SubscriptionState

# States, lower case. Whoever has left is looked for anywhere in the words; who is here must say so, and nothing else.
_NO = r"(?:not|non?|never|nicht|nie|kein\w*|pas|jamais|n[aã]o|nunca|niet|geen|without|sans|ohne|sin|senza|zonder|sem)"
_NOT = rf"(?<![^\W_]){_NO}(?![^\W_]).*"
_CONFIRMED = r"confirm|conferm|best(?:a|ä|ae)tigt|verif|bevestig|valida|activat|opt"
_SUBSCRIBED = (
    r"activ|aktiv|acti[fe]|attiv|ati[vf]|actief|subscri|abonn|inscri|iscri|suscri|enabled|valid|consent|member|"
    r"opt(?:ed)?[ _-]?in"
)
_WAITING = re.compile(
    r"pend|unconfirm|unverif|await|waiting|(?<![a-z])sent|ausstehend|unbest|attente|attesa|afwacht|validating|"
    rf"(?:requir|request|needs?|to be|à|da|a|te|zu)\b.*(?:{_CONFIRMED})|(?:{_CONFIRMED}).*(?:requir|request|need)|"
    rf"{_NOT}(?:confirm|conferm|best(?:a|ä|ae)tigt|verif|bevestig)"
)
_STOPPED = re.compile(
    r"unsub|clean|bounc|complain|spam|abus|junk|block|blacklist|denylist|suppress|disab|unreach|undeliver|delet|"
    r"remov|transactional|invalid|cancel|archiv|opt(?:ed)?[ _-]?out|dead|banned|revok|withdr[ae]w|declin|denied|"
    r"do[ _-]?not|expir|ended|stopped|paused|former|(?<![a-z])ex[ _-]|non_?sub|no longer|"
    r"(?:un|in|de|dé|des|dés|dis)[ _-]?(?:acti|atti|ati[vf]|akti)|"
    r"[:=] ?(?:no|false|0)\Z|\A(?:no|non|nein|nee|false|0|off|n|f)\Z|"
    r"abgemeldet|abbestell|ausgetragen|widerruf|gel[oö]scht|gek\w*ndigt|beendet|gesperrt|d[eé]sabon|d[eé]sinscri|"
    r"annul|r[eé]sili|desuscri|anulad|\A(?:dad[oa] de )?baja\Z|disiscri|uitgeschr|afgemeld|beëindig|verlopen|"
    rf"descadastr|退订|取消|退会|解除|отпис|{_NOT}(?:{_SUBSCRIBED})"
)
_HERE = re.compile(
    r"(?:active?|aktiv|acti[fv]|attiv|ativ|subscri|abonn|inscri|iscri|suscri|consent|confirm|conferm|verif|valid|"
    r"bestaetigt|bestätigt|regist|enregist|member|compl?|comped|gift|trial|customer|lead|explicit|implicit|express)\w*|"
    r"actief|geabonneerd|bevestigd|angemeldet|eingetragen|enabled?|opt|opted|optin|free|paid|unpaid|premium|founding|"
    r"implied|nonprofit|yes|true|1|on|ok|ja|oui|si|sì|sí|y|t"
).fullmatch
_BESIDE = re.compile(
    "in|not|is|the|by|via|and|since|status|plan|tier|user|reader|double|single|email|marketing"
).fullmatch
_LONGEST = 80  # characters; what is longer is no state
_WORD = re.compile(r"[^\W_]+")


def meant(word: str) -> SubscriptionState | None:
    """What a state means in another program's words, lower case; None when that is not known."""
    if len(word) > _LONGEST:
        return None
    if _STOPPED.search(word):
        return SubscriptionState.UNSUBSCRIBED
    if _WAITING.search(word):
        return SubscriptionState.PENDING
    said = [part for part in _WORD.findall(word) if not _BESIDE(part)]
    return SubscriptionState.ACTIVE if said and all(map(_HERE, said)) else None
