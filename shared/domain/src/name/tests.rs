//! Names as children give them, and what sounds like one.

use super::*;

const ASKED: &str = "What is your name?";

fn student(said: &str, tutor: &str) -> Option<String> {
    match introduced(said, tutor) {
        Some(Introduced::Student(name)) => Some(name),
        _ => None,
    }
}

#[test]
fn names_are_found_where_they_are_asked_for() {
    for (said, name) in [
        ("I'm Ana", "Ana"),
        ("I’m Ana.", "Ana"),
        ("Im Ana.", "Ana"),
        ("im ana", "Ana"),
        ("i am ana", "Ana"),
        ("My name’s Ana.", "Ana"),
        ("my name's ana", "Ana"),
        ("my names ana", "Ana"),
        ("My name is Ana", "Ana"),
        ("my name is ana and i'm nine", "Ana"),
        ("My name is A-N-A, Ana.", "Ana"),
        ("my name is a n a", "Ana"),
        ("ana a n a", "Ana"),
        ("ana a n n a", "Anna"),
        ("My name is uh Ana.", "Ana"),
        ("my name is um like maya", "Maya"),
        ("it's maya", "Maya"),
        ("its maya", "Maya"),
        ("it is Maya", "Maya"),
        ("this is maya", "Maya"),
        ("Maya", "Maya"),
        ("maya", "Maya"),
        ("MAYA", "Maya"),
        ("um, Zoë.", "Zoë"),
        ("hi maya here", "Maya"),
        ("Maya speaking", "Maya"),
        ("you can call me Leo", "Leo"),
        ("everyone calls me Leo", "Leo"),
        ("I'm called Leo", "Leo"),
        ("Leo Hernandez", "Leo"),
        ("my name is Leo Hernandez", "Leo"),
        ("Mary Jane", "Mary Jane"),
        ("my name is mary jane", "Mary Jane"),
        ("I'm Mary Jane Watson", "Mary Jane"),
        ("Maria Jose", "Maria Jose"),
        ("Anne-Marie", "Anne-Marie"),
        ("my name's D'Andre", "D'Andre"),
        ("my name's d'andre", "D'Andre"),
        ("I’m D’Andre", "D'Andre"),
        ("O'Neill", "O'Neill"),
        ("my name is Xiulan", "Xiulan"),
        ("my name is xiulan", "Xiulan"),
        ("I'm Oluwaseun", "Oluwaseun"),
        ("oluwaseun", "Oluwaseun"),
        ("im zephyrine", "Zephyrine"),
        ("me llamo Diego", "Diego"),
        ("hola me llamo valentina", "Valentina"),
        ("soy Diego", "Diego"),
        ("soy diego", "Diego"),
        ("mi nombre es Lucía", "Lucía"),
        ("Me dicen Pepe", "Pepe"),
        ("ich heiße Jonas", "Jonas"),
        ("ich heisse jonas", "Jonas"),
        ("ich bin Jonas", "Jonas"),
        ("ich bin der Jonas", "Jonas"),
        ("hier ist leon", "Leon"),
        ("ja hier ist leon mia lass das", "Leon"),
        ("mein Name ist Björn", "Björn"),
        ("My name is Will", "Will"),
        ("I'm Hope", "Hope"),
        ("no it's Harvey", "Harvey"),
        ("ok so my name is priya", "Priya"),
        ("My name is Ana. I'm ready", "Ana"),
        ("I'm ready. I'm Ana", "Ana"),
    ] {
        assert_eq!(student(said, ASKED).as_deref(), Some(name), "{said}");
    }
}

#[test]
fn names_are_found_unasked() {
    for (said, tutor, name) in [
        ("Hey, it's Anne-Marie.", "Hello!", "Anne-Marie"),
        ("its maya", "Hello!", "Maya"),
        ("im leo and i need help", "How can I help?", "Leo"),
        ("I'm Tendai", "Hi there!", "Tendai"),
        ("hi this is sam", "Good morning!", "Sam"),
        ("hola soy mateo", "¡Hola!", "Mateo"),
        ("yes", "Hello! Is that Milo?", "Milo"),
        ("yeah", "Am I speaking with Noor?", "Noor"),
        ("ja", "Hallo! Spreche ich mit Leon?", "Leon"),
        ("my name is fen", "Seven times eight?", "Fen"),
    ] {
        assert_eq!(student(said, tutor).as_deref(), Some(name), "{said}");
    }
}

#[test]
fn what_is_no_name_is_not_taken_for_one() {
    for said in [
        "I'm fine",
        "I'm Fine",
        "I'm nine",
        "im nine",
        "it's five",
        "it's five sixths",
        "I'm ready",
        "I'm Ready",
        "im in year four",
        "I'm in grade 4",
        "I'm good thanks",
        "I'm not Ana",
        "I'm from London",
        "I'm so tired",
        "it's hard",
        "its me",
        "this is hard",
        "this is fun",
        "it's my turn",
        "Yes.",
        "no",
        "ok",
        "hi",
        "hello",
        "fractions please",
        "can we do fractions",
        "I want to do fractions",
        "I don't know",
        "call me on thursday",
        "call me tomorrow",
        "call me back later",
        "it's Monday",
        "it's snowing",
        "I'm Mexican",
        "I'm a student",
        "it's Ana's turn",
        "soy de México",
        "soy nuevo",
        "ich bin fertig",
        "ich bin neun",
        "ich bin in der dritten Klasse",
        "estoy listo",
        "my name is",
        "",
        "...",
        "42",
        "my name is 42",
        "my name is R2D2",
    ] {
        assert_eq!(student(said, ASKED), None, "{said}");
    }
}

#[test]
fn answers_to_other_questions_are_no_names() {
    for (said, tutor) in [
        ("It's Paris", "What is the capital of France?"),
        ("Four", "What is two plus two?"),
        ("it's grandma", "Who tells the story?"),
        ("yes", "Are you ready?"),
        ("Shakespeare", "Who wrote it?"),
        ("I'm stuck", "How is it going?"),
        ("yes", "Is that right?"),
        ("yeah im good", "Is this okay?"),
    ] {
        assert_eq!(student(said, tutor), None, "{said}");
    }
}

#[test]
fn who_speaks_for_a_student_is_not_the_student() {
    for said in [
        "This is Ana's mom.",
        "This is Ana’s mom",
        "this is anas mom",
        "hello this is his mom he's just washing his hands",
        "I'm Ana's dad",
        "i am her father",
        "it's Leo's grandmother",
        "hi its maya's mum here",
        "I'm the mother of Ana",
        "her mother speaking",
        "i'm a teacher",
        "Soy la mamá de Ana",
        "soy su padre",
        "habla la madre de Diego",
        "hier ist die Mutter von Jonas",
        "ich bin der Papa von Leon",
        "hier ist Leons Mama",
        "This is actually his brother",
    ] {
        assert_eq!(introduced(said, ASKED), Some(Introduced::Relative), "{said}");
    }
    assert_ne!(introduced("This is my mom's phone, I'm Ana", ASKED), Some(Introduced::Relative));
}
