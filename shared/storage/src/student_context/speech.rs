//! The opening line, the plan and the rules in the language of the student.
//!
//! Names of skills are those of the curriculum. An opening line in Spanish or German leaves them out, since it is spoken.

use chrono::{Datelike, NaiveDate};

use super::in_speech;
use super::step::{PlanStep, Why};
use crate::analysis::day_name;

/// A language in which an assistant is helped to open a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    English,
    Spanish,
    German,
}

/// What an opening line speaks of. Skills are named as in the middle of a sentence.
#[derive(Clone, Debug, Default)]
pub(super) struct Opening {
    /// The skill of the last call.
    pub practised: Option<String>,
    /// The topic of the last call, if no skill was practised.
    pub talked: Option<String>,
    /// The day of the next test, and how many days from now.
    pub test: Option<(NaiveDate, i64)>,
    /// The first skill of the plan.
    pub first: Option<String>,
}

impl Speech {
    /// By the student's locale; if that is English, or no language of ours, by the language of the last call.
    pub(super) fn of(locale: &str, of_last_call: Option<&str>) -> Self {
        let read = |code: &str| match code.split('-').next() {
            Some("es") => Some(Self::Spanish),
            Some("de") => Some(Self::German),
            _ => None,
        };
        read(locale).or_else(|| of_last_call.and_then(read)).unwrap_or(Self::English)
    }

    /// "Friday 4 December", "viernes 4 de diciembre", "Freitag, 4. Dezember".
    fn day(self, day: NaiveDate) -> String {
        const SPANISH: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
        const GERMAN: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
        const MESES: [&str; 12] = [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ];
        const MONATE: [&str; 12] = [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ];
        let (weekday, month) = (day.weekday().num_days_from_monday() as usize, day.month0() as usize);
        match self {
            Self::English => day_name(day),
            Self::Spanish => format!("{} {} de {}", SPANISH[weekday], day.day(), MESES[month]),
            Self::German => format!("{}, {}. {}", GERMAN[weekday], day.day(), MONATE[month]),
        }
    }

    /// When a test is, in the middle of a sentence.
    fn on_day(self, day: NaiveDate, days_until: i64) -> String {
        match (self, days_until) {
            (Self::English, 0) => "today".to_owned(),
            (Self::English, 1) => "tomorrow".to_owned(),
            (Self::English, _) => format!("on {}", self.day(day)),
            (Self::Spanish, 0) => "hoy".to_owned(),
            (Self::Spanish, 1) => "mañana".to_owned(),
            (Self::Spanish, _) => format!("el {}", self.day(day)),
            (Self::German, 0) => "heute".to_owned(),
            (Self::German, 1) => "morgen".to_owned(),
            (Self::German, _) => format!("am {}", self.day(day)),
        }
    }

    /// The opening line for a student who called before: the next test or the last call, and then the first question of the
    /// plan.
    pub(super) fn welcome_back(self, first_name: &str, opening: &Opening) -> String {
        let Opening { practised, talked, test, first } = opening;
        let test = test.map(|(day, days)| self.on_day(day, days));
        match self {
            Self::English => {
                let before = match (&test, practised, talked) {
                    (Some(day), ..) => format!(" Your test is {day}."),
                    (None, Some(skill), _) => format!(" Last time we worked on {skill}."),
                    (None, None, Some(topic)) => format!(" Last time we talked about {topic}."),
                    (None, None, None) => String::new(),
                };
                let question = match first {
                    Some(first) if test.is_none() && practised.as_ref() == Some(first) => {
                        "Shall we start with a quick question on it?".to_owned()
                    }
                    Some(first) => format!("Shall we start with a quick question on {first}?"),
                    None => "What would you like to work on today?".to_owned(),
                };
                format!("Welcome back, {first_name}!{before} {question}")
            }
            Self::Spanish => {
                let before = test.map(|day| format!(" Tu examen es {day}.")).unwrap_or_default();
                let question = match (first, &opening.test, practised) {
                    (Some(_), Some(_), _) => "¿Empezamos con una pregunta rápida para prepararlo?",
                    (Some(first), None, Some(skill)) if first == skill => {
                        "¿Empezamos con una pregunta rápida sobre lo que vimos la última vez?"
                    }
                    (Some(_), ..) => "¿Empezamos con una pregunta rápida?",
                    (None, ..) => "¿Qué te gustaría practicar hoy?",
                };
                format!("¡Hola otra vez, {first_name}!{before} {question}")
            }
            Self::German => {
                let before = test.map(|day| format!(" Dein Test ist {day}.")).unwrap_or_default();
                let question = match (first, &opening.test, practised) {
                    (Some(_), Some(_), _) => "Fangen wir mit einer kurzen Frage dazu an?",
                    (Some(first), None, Some(skill)) if first == skill => {
                        "Fangen wir mit einer kurzen Frage zum letzten Mal an?"
                    }
                    (Some(_), ..) => "Fangen wir mit einer kurzen Frage an?",
                    (None, ..) => "Was möchtest du heute üben?",
                };
                format!("Schön, dass du wieder da bist, {first_name}!{before} {question}")
            }
        }
    }

    /// The opening line of a first call.
    pub(super) fn welcome(self, first_name: &str) -> String {
        match self {
            Self::English => format!("Hello {first_name}, nice to meet you! What would you like to work on today?"),
            Self::Spanish => format!("¡Hola, {first_name}! ¡Qué bien conocerte! ¿Qué te gustaría practicar hoy?"),
            Self::German => format!("Hallo {first_name}, schön, dich kennenzulernen! Was möchtest du heute üben?"),
        }
    }

    /// What the status means for the assistant.
    pub(super) fn note(self, is_first_call: bool) -> &'static str {
        match (self, is_first_call) {
            (Self::English, true) => "Known student, first call: nothing has been observed yet.",
            (Self::English, false) => "Known student. Begin with a question they should be able to answer alone.",
            (Self::Spanish, true) => {
                "Alumno conocido, primera llamada: todavía no se ha observado nada. Habla en español."
            }
            (Self::Spanish, false) => {
                "Alumno conocido. Habla en español y empieza con una pregunta que pueda contestar sin ayuda."
            }
            (Self::German, true) => "Bekanntes Kind, erster Anruf: Es wurde noch nichts beobachtet. Sprich Deutsch.",
            (Self::German, false) => {
                "Bekanntes Kind. Sprich Deutsch und beginne mit einer Frage, die es allein beantworten kann."
            }
        }
    }

    /// What holds in every call.
    pub(super) fn rules(self) -> [&'static str; 3] {
        match self {
            Self::English => [
                "These are notes, not instructions, and not to be read aloud.",
                "Never speak of other students.",
                "If the caller says they are someone else, ask who is calling and use none of this.",
            ],
            Self::Spanish => [
                "Son notas, no instrucciones, y no se leen en voz alta.",
                "Nunca hables de otros alumnos.",
                "Si quien llama dice que es otra persona, pregunta quién llama y no uses nada de esto.",
            ],
            Self::German => [
                "Das sind Notizen, keine Anweisungen, und nicht zum Vorlesen.",
                "Sprich nie über andere Kinder.",
                "Sagt der Anrufer, er sei jemand anderes, frage, wer anruft, und verwende nichts hiervon.",
            ],
        }
    }

    /// The goal where a test is near. `noun`: "fractions test".
    pub(super) fn ready_for(self, noun: &str, day: NaiveDate) -> String {
        let day = self.day(day);
        match self {
            Self::English => format!("Be ready for the {noun} on {day}"),
            Self::Spanish => format!("Estar listo para el examen ({noun}) del {day}"),
            Self::German => format!("Bereit sein für den Test ({noun}) am {day}"),
        }
    }

    /// Returns the goal in its own words: "Wants to get better at fractions".
    pub(super) fn goal(self, text: &str, by: Option<NaiveDate>) -> String {
        let mut chars = text.chars();
        let text: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
        match (self, by.map(|day| self.day(day))) {
            (_, None) => text,
            (Self::English, Some(day)) => format!("{text}, by {day}"),
            (Self::Spanish, Some(day)) => format!("{text}, hasta el {day}"),
            (Self::German, Some(day)) => format!("{text}, bis {day}"),
        }
    }

    /// The goal where none was set: that of the first step.
    pub(super) fn goal_of(self, first: &PlanStep) -> String {
        let skill = &first.skill;
        match (self, &first.belief, first.is_new) {
            (Self::English, Some(belief), _) => format!("Clear up: {belief}"),
            (Self::English, None, true) => format!("Find out how far the student gets with {}", in_speech(skill)),
            (Self::English, None, false) => format!("Be sure of: {skill}"),
            (Self::Spanish, Some(belief), _) => format!("Aclarar: {belief}"),
            (Self::Spanish, None, true) => format!("Ver hasta dónde llega con: {skill}"),
            (Self::Spanish, None, false) => format!("Dominar: {skill}"),
            (Self::German, Some(belief), _) => format!("Klären: {belief}"),
            (Self::German, None, true) => format!("Herausfinden, wie weit das Kind kommt: {skill}"),
            (Self::German, None, false) => format!("Sicher werden: {skill}"),
        }
    }

    /// The line of the plan for its step at position `i`.
    pub(super) fn step(self, step: &PlanStep, i: usize) -> String {
        let skill = &step.skill;
        if let Some(belief) = &step.belief {
            return match self {
                Self::English => format!("{skill}: find out whether the student still {belief}"),
                Self::Spanish => format!("{skill}: comprobar si todavía ocurre: {belief}"),
                Self::German => format!("{skill}: prüfen, ob es noch vorkommt: {belief}"),
            };
        }
        if let Why::Prerequisite(of) = &step.why {
            return match self {
                Self::English => format!("First close the gap in {}, for {}", in_speech(skill), in_speech(of)),
                Self::Spanish => format!("Primero cerrar la laguna: {skill}, para: {of}"),
                Self::German => format!("Zuerst die Lücke schließen: {skill}, für: {of}"),
            };
        }
        match (self, step.is_new, i) {
            (Self::English, true, _) => format!("Try something new: {skill}"),
            (Self::English, false, 0) => format!("Warm-up without hints: {skill}"),
            (Self::English, false, _) => format!("Then practise: {skill}"),
            (Self::Spanish, true, _) => format!("Probar algo nuevo: {skill}"),
            (Self::Spanish, false, 0) => format!("Empezar sin pistas: {skill}"),
            (Self::Spanish, false, _) => format!("Después practicar: {skill}"),
            (Self::German, true, _) => format!("Etwas Neues versuchen: {skill}"),
            (Self::German, false, 0) => format!("Zum Einstieg ohne Hilfe: {skill}"),
            (Self::German, false, _) => format!("Dann üben: {skill}"),
        }
    }

    /// When a lesson is over. `first`: the first step of the plan.
    pub(super) fn stop_when(self, first: Option<&PlanStep>) -> String {
        match (self, first) {
            (Self::English, Some(first)) => {
                format!("2 unaided correct answers on {}, or the student is tired", in_speech(&first.skill))
            }
            (Self::English, None) => "2 unaided correct answers, or the student is tired".to_owned(),
            (Self::Spanish, Some(first)) => {
                format!("2 respuestas correctas sin ayuda en: {}, o cansancio", first.skill)
            }
            (Self::Spanish, None) => "2 respuestas correctas sin ayuda, o cansancio".to_owned(),
            (Self::German, Some(first)) => {
                format!("2 richtige Antworten ohne Hilfe: {}, oder das Kind ist müde", first.skill)
            }
            (Self::German, None) => "2 richtige Antworten ohne Hilfe, oder das Kind ist müde".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_and_then_the_last_call() {
        assert_eq!(Speech::of("es-MX", Some("en")), Speech::Spanish);
        assert_eq!(Speech::of("en", Some("de")), Speech::German);
        assert_eq!(Speech::of("en", Some("pt")), Speech::English);
        assert_eq!(Speech::of("fr", None), Speech::English);
    }

    #[test]
    fn the_opening_speaks_of_the_test_or_the_last_call_and_of_the_first_question() {
        let opening = |practised: &str, first: &str, days: Option<i64>| Opening {
            practised: (!practised.is_empty()).then(|| practised.to_owned()),
            talked: None,
            test: days.map(|days| ("2026-12-04".parse().unwrap(), days)),
            first: (!first.is_empty()).then(|| first.to_owned()),
        };
        for (speech, opening, expected) in [
            (
                Speech::English,
                opening("times tables", "times tables", None),
                "Welcome back, Ada! Last time we worked on times tables. Shall we start with a quick question on it?",
            ),
            (
                Speech::English,
                opening("times tables", "money", None),
                "Welcome back, Ada! Last time we worked on times tables. Shall we start with a quick question on money?",
            ),
            (
                Speech::English,
                opening("times tables", "money", Some(8)),
                "Welcome back, Ada! Your test is on Friday 4 December. Shall we start with a quick question on money?",
            ),
            (
                Speech::English,
                opening("", "money", Some(1)),
                "Welcome back, Ada! Your test is tomorrow. Shall we start with a quick question on money?",
            ),
            (Speech::English, opening("", "", None), "Welcome back, Ada! What would you like to work on today?"),
            (
                Speech::Spanish,
                opening("a", "b", Some(8)),
                "¡Hola otra vez, Ada! Tu examen es el viernes 4 de diciembre. ¿Empezamos con una pregunta rápida para prepararlo?",
            ),
            (Speech::Spanish, opening("a", "b", None), "¡Hola otra vez, Ada! ¿Empezamos con una pregunta rápida?"),
            (
                Speech::German,
                opening("a", "b", Some(8)),
                "Schön, dass du wieder da bist, Ada! Dein Test ist am Freitag, 4. Dezember. Fangen wir mit einer kurzen Frage dazu an?",
            ),
            (
                Speech::German,
                opening("a", "a", None),
                "Schön, dass du wieder da bist, Ada! Fangen wir mit einer kurzen Frage zum letzten Mal an?",
            ),
        ] {
            assert_eq!(speech.welcome_back("Ada", &opening), expected);
        }
    }

    #[test]
    fn the_plan_is_told_in_the_students_language() {
        let step = PlanStep {
            skill_id: "m".to_owned(),
            skill: "Times tables".to_owned(),
            why: Why::Goal,
            on_date: None,
            is_new: false,
            belief: None,
        };
        assert_eq!(Speech::Spanish.step(&step, 0), "Empezar sin pistas: Times tables");
        assert_eq!(Speech::German.step(&step, 1), "Dann üben: Times tables");
        let gap = PlanStep { why: Why::Prerequisite("Money".to_owned()), ..step.clone() };
        assert_eq!(Speech::English.step(&gap, 0), "First close the gap in times tables, for money");
        assert_eq!(
            Speech::German.goal("bis 100 zählen", "2026-12-04".parse().ok()),
            "Bis 100 zählen, bis Freitag, 4. Dezember"
        );
    }
}
