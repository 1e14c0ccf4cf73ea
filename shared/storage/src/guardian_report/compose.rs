//! What a report says, in English, Spanish or German. Names of skills are those of the curriculum.

use chrono::{DateTime, Utc};

use super::{AtHome, Example};
use crate::learner::MasteryState;
use crate::mastery::Mastery;
use crate::session::SessionItem;

/// More would not be read.
const MAX_SKILLS: usize = 8;

/// The sentences of a language. `{name}` is the student's first name.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) language: &'static str,
    subject: &'static str,
    hello: &'static str,
    /// `{calls}` and `{minutes}` are counted by the words below.
    had_calls: &'static str,
    had_none: &'static str,
    calls: [&'static str; 2],
    minutes: [&'static str; 2],
    practised: &'static str,
    mastered: &'static str,
    shaky: &'static str,
    learning: &'static str,
    /// A day, in the syntax of `chrono`.
    day: &'static str,
    /// `{from}` and `{to}` are days.
    period: &'static str,
    comment: &'static str,
    examples: &'static str,
    /// `{asked}`, `{said}` and `{expected}` are quoted from a call.
    example: &'static str,
    home: &'static str,
    /// `{skill}`, `{ask}` and `{answer}` are those of the curriculum.
    try_it: &'static str,
    /// The draft of a teacher's comment: `{skills}` is a list.
    draft_good: &'static str,
    draft_now: &'static str,
    draft_example: &'static str,
    draft_home: &'static str,
    caution: &'static str,
    why: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    subject: "{name}’s week with the phone tutor",
    hello: "Hello,",
    had_calls: "{name} had {calls} this week, {minutes} in all.",
    had_none: "{name} had no call this week.",
    calls: ["call", "calls"],
    minutes: ["minute", "minutes"],
    practised: "Practised this week:",
    mastered: "{name} knows well:",
    shaky: "Nearly there, to be practised again:",
    learning: "Being learnt now:",
    day: "%-d %B %Y",
    period: "{from} to {to}",
    comment: "From the teacher:",
    examples: "Examples from the calls:",
    example: "Question: “{asked}” {name} said: “{said}” Right answer: {expected}.",
    home: "What you can do at home:",
    try_it: "{skill}: ask “{ask}” The answer is {answer}.",
    draft_good: "{name} is doing well with: {skills}.",
    draft_now: "We are working on: {skills}.",
    draft_example: "When the tutor asked “{asked}”, {name} said “{said}”. The right answer is {expected}.",
    draft_home: "At home you can ask: “{ask}” The answer is {answer}.",
    caution: "This report is made from what was said in the calls. A computer listens to them and can mishear. Please ask us if \
              something does not look like your child.",
    why: "You get this e-mail because you are a guardian of {name}, and reports are allowed. Tell the school if you do not want it.",
};

const SPANISH: Words = Words {
    language: "es",
    subject: "La semana de {name} con el tutor por teléfono",
    hello: "Hola:",
    had_calls: "Esta semana {name} tuvo {calls}, {minutes} en total.",
    had_none: "Esta semana {name} no tuvo ninguna llamada.",
    calls: ["llamada", "llamadas"],
    minutes: ["minuto", "minutos"],
    practised: "Esta semana practicó:",
    mastered: "{name} domina:",
    shaky: "Casi lo domina; conviene practicarlo otra vez:",
    learning: "Está aprendiendo:",
    day: "%-d/%-m/%Y",
    period: "Del {from} al {to}",
    comment: "De la escuela:",
    examples: "Ejemplos de las llamadas:",
    example: "Pregunta: «{asked}» {name} dijo: «{said}» Respuesta correcta: {expected}.",
    home: "Qué puede hacer en casa:",
    try_it: "{skill}: pregunte «{ask}» La respuesta es {answer}.",
    draft_good: "{name} va bien en: {skills}.",
    draft_now: "Estamos trabajando en: {skills}.",
    draft_example: "Cuando el tutor preguntó «{asked}», {name} dijo «{said}». La respuesta correcta es {expected}.",
    draft_home: "En casa puede preguntar: «{ask}» La respuesta es {answer}.",
    caution: "Este informe se hace a partir de lo que se dijo en las llamadas. Un ordenador las escucha y puede entender mal. \
              Pregúntenos si algo no encaja con su hijo o hija.",
    why: "Recibe este correo porque es responsable de {name} y los informes están permitidos. Avise a la escuela si no lo desea.",
};

const GERMAN: Words = Words {
    language: "de",
    subject: "Die Woche von {name} mit dem Telefontutor",
    hello: "Guten Tag,",
    had_calls: "{name} hatte diese Woche {calls}, zusammen {minutes}.",
    had_none: "{name} hatte diese Woche keinen Anruf.",
    calls: ["Anruf", "Anrufe"],
    minutes: ["Minute", "Minuten"],
    practised: "Diese Woche geübt:",
    mastered: "Das kann {name} gut:",
    shaky: "Fast geschafft, noch einmal zu üben:",
    learning: "Das lernt {name} gerade:",
    day: "%-d.%-m.%Y",
    period: "{from} bis {to}",
    comment: "Von der Schule:",
    examples: "Beispiele aus den Anrufen:",
    example: "Frage: „{asked}“ {name} sagte: „{said}“ Richtige Antwort: {expected}.",
    home: "Das können Sie zu Hause tun:",
    try_it: "{skill}: Fragen Sie: „{ask}“ Die Antwort ist {answer}.",
    draft_good: "{name} kommt gut zurecht mit: {skills}.",
    draft_now: "Wir üben gerade: {skills}.",
    draft_example: "Auf die Frage „{asked}“ sagte {name}: „{said}“. Die richtige Antwort ist {expected}.",
    draft_home: "Zu Hause können Sie fragen: „{ask}“ Die Antwort ist {answer}.",
    caution: "Dieser Bericht entsteht aus dem, was in den Anrufen gesagt wurde. Ein Computer hört zu und kann sich verhören. \
              Bitte fragen Sie uns, wenn etwas nicht zu Ihrem Kind passt.",
    why: "Sie erhalten diese E-Mail, weil Sie für {name} sorgen und Berichte erlaubt sind. Sagen Sie der Schule, wenn Sie sie \
          nicht möchten.",
};

impl Words {
    /// By the language of a tag such as `es-MX`; English if it is none of ours.
    pub(super) fn of(tag: &str) -> &'static Self {
        match tag.split(['-', '_']).next() {
            Some("es") => &SPANISH,
            Some("de") => &GERMAN,
            _ => &ENGLISH,
        }
    }
}

/// What a student did in a week.
#[derive(Debug)]
pub(super) struct Week<'a> {
    name: &'a str,
    n_calls: usize,
    n_minutes: i64,
    practised: Vec<&'a str>,
    mastered: Vec<&'a str>,
    shaky: Vec<&'a str>,
    learning: Vec<&'a str>,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    pub(super) more: More<'a>,
}

/// What a report says beside the skills.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct More<'a> {
    pub(super) school: Option<&'a str>,
    /// By the teacher; empty: none.
    pub(super) comment: &'a str,
    pub(super) examples: &'a [Example],
    pub(super) home: &'a [AtHome],
}

impl<'a> Week<'a> {
    pub(super) fn new(
        name: &'a str,
        sessions: &[SessionItem],
        skills: &'a [Mastery],
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        let lengths = sessions.iter().filter_map(|item| Some((item.ended_at? - item.started_at?).num_seconds().max(0)));
        let named = |keep: &dyn Fn(&Mastery) -> bool| {
            skills.iter().filter(|skill| keep(skill)).map(|skill| &skill.skill_name[..]).take(MAX_SKILLS).collect()
        };
        let of = |state: MasteryState| named(&|skill| skill.word(now) == state);
        Self {
            name,
            n_calls: sessions.len(),
            n_minutes: lengths.sum::<i64>() / 60,
            practised: named(&|skill| skill.state.last_at >= since),
            mastered: of(MasteryState::Mastered),
            shaky: of(MasteryState::Shaky),
            learning: of(MasteryState::Learning),
            since,
            until: now,
            more: More::default(),
        }
    }

    pub(super) fn subject(&self, words: &Words) -> String {
        self.filled(words.subject)
    }

    /// Paragraphs, and lists whose lines begin with `- `.
    pub(super) fn text(&self, words: &Words) -> String {
        let counted = |n: i64, [one, many]: [&str; 2]| format!("{n} {}", if n == 1 { one } else { many });
        let calls = if self.n_calls == 0 {
            self.filled(words.had_none)
        } else {
            let filled = self.filled(words.had_calls);
            let filled = filled.replace("{calls}", &counted(self.n_calls as i64, words.calls));
            filled.replace("{minutes}", &counted(self.n_minutes, words.minutes))
        };
        let lists = [
            (words.practised, &self.practised),
            (words.mastered, &self.mastered),
            (words.shaky, &self.shaky),
            (words.learning, &self.learning),
        ];
        let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
        let lists = lists.map(|(title, names)| format!("{}\n- {}", self.filled(title), names.join("\n- ")));
        let More { school, comment, examples, home } = self.more;
        let day = |at: DateTime<Utc>| at.format(words.day).to_string();
        let period = words.period.replace("{from}", &day(self.since)).replace("{to}", &day(self.until));
        let head = school.map_or_else(|| period.clone(), |school| format!("{school}, {period}"));
        let comment = (!comment.is_empty()).then(|| format!("{} {comment}", words.comment));
        let examples = examples.iter().map(|of| {
            let filled = self.filled(words.example).replace("{asked}", &of.asked).replace("{said}", &of.said);
            filled.replace("{expected}", &of.expected)
        });
        let home = home.iter().map(|of| {
            words.try_it.replace("{skill}", &of.skill).replace("{ask}", &of.ask).replace("{answer}", &of.answer)
        });
        let more = [(words.examples, examples.collect::<Vec<_>>()), (words.home, home.collect())];
        let more = more.into_iter().filter(|(_, lines)| !lines.is_empty());
        let lists = lists.chain(more.map(|(title, lines)| format!("{title}\n- {}", lines.join("\n- "))));
        let parts = [words.hello.to_owned(), head].into_iter().chain(comment).chain([calls]).chain(lists);
        let parts = parts.chain([words.caution.to_owned(), self.filled(words.why)]);
        parts.collect::<Vec<_>>().join("\n\n")
    }

    /// A comment for the teacher to edit, in one paragraph of at most `most` characters: skills, the examples, and what to ask
    /// at home. Sentences that do not fit are left out.
    pub(super) fn draft(&self, words: &Words, most: usize) -> String {
        let list = |names: &[&str]| names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let mut now = self.learning.clone();
        now.extend(&self.shaky);
        let skills = [(words.draft_good, &self.mastered), (words.draft_now, &now)];
        let skills = skills.into_iter().filter(|(_, names)| !names.is_empty());
        let skills = skills.map(|(sentence, names)| self.filled(sentence).replace("{skills}", &list(names)));
        let home = self
            .more
            .home
            .iter()
            .take(1)
            .map(|of| words.draft_home.replace("{ask}", &of.ask).replace("{answer}", &of.answer));
        let examples = self.more.examples.iter().map(|of| {
            let filled = self.filled(words.draft_example).replace("{asked}", &of.asked).replace("{said}", &of.said);
            filled.replace("{expected}", &of.expected)
        });
        let mut draft = String::new();
        for sentence in skills.chain(home).chain(examples) {
            if draft.chars().count() + 1 + sentence.chars().count() <= most {
                draft = format!("{draft} {sentence}");
            }
        }
        draft.trim_start().to_owned()
    }

    fn filled(&self, sentence: &str) -> String {
        sentence.replace("{name}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week() -> Week<'static> {
        Week {
            name: "Maya",
            n_calls: 1,
            n_minutes: 12,
            practised: vec!["Adding fractions", "Decimals"],
            mastered: vec!["Decimals"],
            shaky: Vec::new(),
            learning: vec!["Adding fractions"],
            since: "2026-11-16T12:00:00Z".parse().unwrap(),
            until: "2026-11-23T12:00:00Z".parse().unwrap(),
            more: More::default(),
        }
    }

    #[test]
    fn the_school_the_days_the_comment_and_the_examples_are_in_it() {
        let example = Example { asked: "What is 1 + 1?".into(), said: "three".into(), expected: "2".into() };
        let at_home = AtHome { skill: "Adding to 20".into(), ask: "What is 2 + 2?".into(), answer: "4".into() };
        let more = More { school: Some("Elm"), comment: "Well done.", examples: &[example], home: &[at_home] };
        let text = Week { more, ..week() }.text(Words::of("en"));
        for part in [
            "Hello,\n\nElm, 16 November 2026 to 23 November 2026\n\nFrom the teacher: Well done.\n\n",
            "\n- Question: “What is 1 + 1?” Maya said: “three” Right answer: 2.\n\n",
            "\n- Adding to 20: ask “What is 2 + 2?” The answer is 4.\n\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let german = Week { more, ..week() }.text(Words::of("de"));
        assert!(german.contains("Elm, 16.11.2026 bis 23.11.2026") && !german.contains('{'), "{german}");
    }

    #[test]
    fn a_draft_is_made_of_what_is_known_and_fits() {
        let example = Example { asked: "What is 3 × 7?".to_owned(), said: "20".to_owned(), expected: "21".to_owned() };
        let home =
            AtHome { skill: "Times tables".to_owned(), ask: "What is 4 × 7?".to_owned(), answer: "28".to_owned() };
        let (examples, home) = ([example], [home]);
        let week = Week { more: More { examples: &examples, home: &home, ..More::default() }, ..week() };
        let draft = week.draft(Words::of("es"), 1_000);
        assert!(draft.contains("En casa puede preguntar: «What is 4 × 7?»") && draft.contains("dijo «20»"), "{draft}");
        assert!(!draft.contains('{'), "{draft}");
        let short = week.draft(Words::of("en"), 80);
        assert!(short.chars().count() <= 80 && !short.is_empty(), "{short}");
        assert!(short.ends_with('.'), "whole sentences: {short}");
    }

    #[test]
    fn a_report_is_in_the_language_of_its_reader() {
        for (tag, subject, calls) in [
            ("en-US", "Maya’s week with the phone tutor", "Maya had 1 call this week, 12 minutes in all."),
            (
                "es-MX",
                "La semana de Maya con el tutor por teléfono",
                "Esta semana Maya tuvo 1 llamada, 12 minutos en total.",
            ),
            ("de", "Die Woche von Maya mit dem Telefontutor", "Maya hatte diese Woche 1 Anruf, zusammen 12 Minuten."),
            ("fr", "Maya’s week with the phone tutor", "Maya had 1 call this week, 12 minutes in all."),
        ] {
            let words = Words::of(tag);
            assert_eq!(week().subject(words), subject);
            let text = week().text(words);
            assert!(text.contains(calls), "{text}");
            assert!(text.contains(":\n- Adding fractions\n- Decimals\n\n") && !text.contains('{'), "{text}");
            assert_eq!(text.matches(":\n- ").count(), 3, "an empty list is left out: {text}");
        }
    }

    #[test]
    fn a_week_without_a_call_says_so() {
        let quiet = Week { n_calls: 0, ..week() };
        assert!(quiet.text(Words::of("en")).contains("Maya had no call this week."));
    }
}
