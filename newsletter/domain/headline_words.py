"""The words that headlines are wrapped in or numbered by; data of domain.headline."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that only say how urgent or how new the news is, in the languages we met. Any other short lead-in is
# recognised by its form; these are trusted even where nothing else backs them.
LABELS = _words("""
    breaking update updated updates updating latest new news newsflash flash big hot just in alert urgent exclusive
    developing live watch video photos pictures must read mustread trending top story stories headline headlines now
    today report reports confirmed official important notice announcement announced revealed scoop first look recap
    correction corrected clarification follow up followup follow-up more explained explainer analysis special bulletin
    happening viral brief quick wow big-news upd brk re fwd fw repost reposted wrapup final another still again also
    this morning tonight hours ago minutes fresh huge massive major great good bad fast word out here it its the a an
    and is on of all what we know so far everything you need to know don't miss in case you missed icymi
    eilmeldung neu aktuell wichtig aktualisiert exklusiv nachricht nachrichten große
    urgente última ultima hora noticia noticias actualización actualizacion novedad nuevo nueva exclusiva importante
    dernière derniere minute actualité actualite alerte info mise à a jour exclusif nouveau nouvelle flash
    ultimissime ultim'ora aggiornamento novità notizia esclusivo importante atualização novo nova notícia
    laatste nieuws nieuw bijgewerkt breekend senaste nytt senaste uppdatering viktigt pilne nowe aktualizacja
    срочно новое новости обновление важно молния терміново оновлення
    速報 最新 更新 号外 新着 重要 突发 快讯 重磅 快报 要闻 独家 最新消息 속보 단독 긴급 عاجل son dakika güncelleme
""")
COMMENT = _words("analysis explained explainer recap")  # labels of another article about the same news
_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
# Without accents, as words are compared; without what means something else, too: mars, mai, mayo.
_ELSEWHERE = """
    januar februar marz juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag
    janvier fevrier avril davril juin juillet aout daout septembre octobre doctobre novembre decembre
    lundi mardi mercredi jeudi vendredi samedi dimanche
    enero febrero marzo abril junio julio agosto septiembre octubre noviembre diciembre
    lunes martes miercoles jueves viernes sabado domingo
    gennaio febbraio aprile maggio giugno luglio settembre ottobre novembre dicembre
    lunedi martedi mercoledi giovedi venerdi sabato domenica
    janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro
    januari februari maart augustus maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
"""
_COUNTS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth one two three four five six seven eight nine ten "
    "eleven twelve thirteen final spring summer autumn winter ii iii iv vi vii viii ix xi xii "
    "alpha beta rc candidate preview pre "
    "q1 q2 q3 q4 h1 h2 morning evening"
)
_SHORT = " ".join(month[:3] for month in _MONTHS.split())
MARKERS = _words(f"{_MONTHS} {_DAYS} {_ELSEWHERE} {_COUNTS} {_SHORT}") - {"may", "mar"}
COUNTED = _words(
    "part parts vol volume chapter act book group phase round class level type series teil band partie parte deel"
)
SERIES = _words(
    "weekly daily monthly roundup roundups digest podcast newsletter recap changelog linkdump quiz crossword horoscope "
    "episode briefing bulletin wochenrückblick"
)
SMALL = _words(
    "a an the of to in on at for and or by with from as is are be its it s after following over about amid during"
    " de du des le les el los del della di da der das den dem und et van het"
)
