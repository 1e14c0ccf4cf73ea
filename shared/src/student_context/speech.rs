//! The opening line and the note, in the language of the student.

/// A language in which an assistant is helped to open a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    English,
    Spanish,
    German,
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

    /// The opening line for a student who called before. `practised`: the skill of the last call, in the middle of a
    /// sentence; `test`: the day of the next test.
    pub(super) fn welcome_back(self, first_name: &str, practised: Option<&str>, test: Option<&str>) -> String {
        match (self, practised, test) {
            (Self::English, _, Some(day)) => {
                format!(
                    "Welcome back, {first_name}! Your test is on {day}. Shall we start with a quick question for it?"
                )
            }
            (Self::English, Some(skill), None) => format!(
                "Welcome back, {first_name}! Last time we worked on {skill}. Shall we start with a quick question on it?"
            ),
            (Self::English, None, None) => {
                format!("Welcome back, {first_name}! What would you like to work on today?")
            }
            (Self::Spanish, _, Some(_)) => {
                format!(
                    "¡Hola otra vez, {first_name}! Pronto tienes un examen. ¿Empezamos con una pregunta rápida para prepararlo?"
                )
            }
            (Self::Spanish, Some(_), None) => {
                format!(
                    "¡Hola otra vez, {first_name}! ¿Empezamos con una pregunta rápida sobre lo que vimos la última vez?"
                )
            }
            (Self::Spanish, None, None) => format!("¡Hola otra vez, {first_name}! ¿Qué te gustaría practicar hoy?"),
            (Self::German, _, Some(_)) => {
                format!(
                    "Schön, dass du wieder da bist, {first_name}! Bald ist dein Test. Fangen wir mit einer kurzen Frage dazu an?"
                )
            }
            (Self::German, Some(_), None) => {
                format!(
                    "Schön, dass du wieder da bist, {first_name}! Fangen wir mit einer kurzen Frage zum letzten Mal an?"
                )
            }
            (Self::German, None, None) => {
                format!("Schön, dass du wieder da bist, {first_name}! Was möchtest du heute üben?")
            }
        }
    }

    /// The opening line of a first call.
    pub(super) fn welcome(self, first_name: &str) -> String {
        match self {
            Self::English => format!("Hello {first_name}, nice to meet you! What would you like to work on today?"),
            Self::Spanish => format!("¡Hola, {first_name}! ¡Encantado de conocerte! ¿Qué te gustaría practicar hoy?"),
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
}
