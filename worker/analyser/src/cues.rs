//! The words by which people judge, help, ask and give up. English; one list for each meaning.

use std::sync::LazyLock;

use super::pattern::{Pattern, Patterns};

/// A pattern, compiled once.
macro_rules! cue {
    ($(#[$doc:meta])* $name:ident = $first:literal $(| $part:literal)* $(|)?) => {
        $(#[$doc])*
        pub(super) static $name: LazyLock<Pattern> = LazyLock::new(|| {
            Pattern::new(concat!("(?:", $first, $("|", $part,)* ")"))
        });
    };
}

cue! {
    /// Praise of trying: polite for "wrong".
    CONSOLATION =
        r"\b(?:good|nice|great|solid|decent|valiant|worthy|excellent) (?:try|tries|attempt|effort|guess|start|thought|thinking)\b"
        | r"\bpoints? for (?:your|the|that|trying|participat|\w+ (?:good |great |nice |amazing |active |hard )*(?:try|effort|work|participation))"
        | r"\b(?:for|of) your (?:\w+ )?(?:try|effort|attempt|participation)\b"
        | r"\bthanks? (?:you )?for (?:trying|your (?:try|effort|attempt))"
}

cue! {
    /// The tutor says that it is wrong.
    REJECTION =
        r"^(?:oh |um |well |ok(?:ay)? |hmm |ah |but )*(?:no|nope|nah|nu+h)\b"
        | r"\bnot (?:quite|right|correct|exactly|really|the|a|an|what|how|yet|there|so|in this|true|all|needed|equal|\d)\b"
        | r"\b(?:isn't|aren't|wasn't|doesn't|don't think|didn't|can't be|won't|isnt|doesnt|not be)\b"
        | r"\bin-?correct\b" | r"\bwrong\b" | r"\bmistaken?s?\b" | r"\berrors?\b" | r"\bmix(?:ed|ing) up\b" | r"(?:\b(?:is|was|are|bit|little|tad|touch|way|slightly|far|just)|'s|'re) off\b" | r"\boff by\b"
        | r"\bre-?\s?(?:check|read|consider|think|do|try)\b" | r"\bdouble[- ]check\b" | r"\bcheck (?:your|that|it|the|again|this)\b"
        | r"\btry (?:again|once|that|it|to|another way|switching|looking)\b" | r"\banother (?:try|look|go)\b" | r"\bgive it a(?:nother)? (?:try|go)\b"
        | r"\balmost\b" | r"\bclose[r]?\b" | r"\bnearly\b" | r"\bgetting (?:there|warm|close|somewhere)" | r"\bon the right (?:track|path|lines)\b"
        | r"\bpartially\b" | r"\bpartly\b" | r"\bmostly\b" | r"\bmost of it\b"
        | r"\bactually\b" | r"\bcareful\b" | r"\binstead\b" | r"\bsupposed to\b" | r"\brather than\b"
        | r"\b(?:should|would|need to|has to|have to|must) (?:be|have been|include|use|add|say|follow|come|go|switch|drop)\b"
        | r"\byou(?:'ve| have|r)? (?:forgot|forgotten|missed|missing|skipped|left out|need|still|only|added|overlooked|misread|misunderstood|overcomplicated|gone too)\b"
        | r"\b(?:forgot|missed|missing)\b" | r"\b(?:don't|dont|do not|didn't) (?:forget|need|worry about)\b"
        | r"^(?:ok(?:ay)? |but |and |also |well |great |good |so )*remember\b" | r"^(?:ok(?:ay)? |but )*just (?:add|need|remember|remove|change|switch)\b"
        | r"\b(?:change|replace|remove|switch|get rid of|drop|interchange) (?:the|your|it|that|this|un|de)\b"
        | r"\b(?:would|should|could) not\b" | r"\b(?:wouldn't|shouldn't)\b" | r"\b(?:a|be|some|your|the) (?:problem|issue)(?: here| with|$)" | r"^but\b"
        | r"\badjectives?\b.{0,40}\b(?:follows?|after|before)\b" | r"\b(?:comes?|goes) (?:before|after)\b" | r"\brepeat(?:ed|ing) the\b" | r"\bre-?\s?work\b"
        | r"\bread (?:the|it|through)\b.*\b(?:question|problem|text|again)\b" | r"\bhave (?:another|a (?:closer|second))\b"
        | r"\bdisagree\b" | r"\b(?:look|think) (?:again|carefully|back|closely)\b" | r"\b(?:again|carefully)$"
        | r"\blet(?:'s|s| us) (?:check|look|go back|start (?:again|over)|review|re|try|think|break|step back|take (?:a|another))\b"
        | r"\blet me (?:explain|help|show|give you|clarify|rephrase|review)\b"
        | r"\bare you (?:sure|certain)\b" | r"\bunfortunately\b" | r"\bsorry\b" | r"^(?:hm+|wait|whoa|slow down|hold on)\b"
        | r"\b(?:too|very|bit|rather) (?:high|low|many|much|far|big|small|large|few)\b" | r"\bexcept (?:for|that|you|it|we|in|your|with|change|use)\b" | r"\bseems? (?:a |too |a bit |very )"
        | r"\b(?:misunder|misread|misinter|confus)" | r"\bI(?:'m| am) not sure\b"
}

cue! {
    /// The tutor says that it is right.
    CONFIRMATION =
        r"^(?:ok(?:ay)? |oh |ah |and |so |wow |again |well |all |very |that's |that is |thats |this is |it's |you're |you are |your |yes |absolutely |exactly |quite |really |looks |sounds )*(?:yes|yep|yeah|yup|ya|correct|right|exactly|perfect|perfectly|great|good|excellent|well done|nice|nicely|awesome|amazing|fantastic|brilliant|wonderful|absolutely|spot on|super|superb|bravo|bingo|precisely|indeed|outstanding|impressive|congratulations|congrats|fabulous|terrific|bang on|cool|lovely|agreed|true)\b" | r"^(?:yes |ok(?:ay)? |and )*(?:that's|thats|that is|this is) it\b"
        | r"\b(?:good|great|nice|excellent|amazing|fantastic|awesome|impressive|super) (?:job|work|answer|catch|thinking)\b" | r"\bway to go\b" | r"\bwell done\b"
        | r"\byou(?:'ve| have)? (?:got|nailed|did|solved|cracked|found) (?:it|that|this|the)\b" | r"\byou (?:have|do have) it\b" | r"\bgot it (?:right|correct)\b"
        | r"\b(?:is|are|'s|looks|was|were) (?:\w+ )?(?:right|correct|perfect|spot on)\b" | r"^correct\b" | r"\b(?:the|your) (?:required|final|correct|right) (?:answer|result|number)$"
        | r"\bthat(?:'s| is) (?:it|right|correct|true|great|good|perfect)\b" | r"\bproud of you\b" | r"\bkeep it up\b" | r"\bpoints? well earned\b"
        | r"\bi (?:agree|like (?:that|how|your))\b" | r"\bright answer\b" | r"\bdoing (?:great|well|good)\b"
}

cue! {
    /// Takes a confirmation half back.
    RESERVATION = r"\bbut\b" | r"\bhowever\b" | r"\bexcept\b" | r"\balthough\b" | r"\bthough\b" | r"\bjust (?:add|need|remember|remove|one)\b" | r"\byet\b"
}

cue! {
    /// After "but": right all the same.
    STILL_RIGHT = r"\bbut (?:that's |that is |it's |it is )?(?:you (?:still |have |did )*(?:got|get|have|found|reached)\b.{0,20}\b(?:right|correct)|(?:still |also )(?:right|correct))\b"
}

cue! {
    /// Confirms a part and leaves the rest open.
    IN_PART = r"\b(?:right|correct|true) (?:in|if|about|that|with|for|so far|up to|until)\b" | r"\b(?:first|second|last|one|next|some|each) (?:step|part|bit|half|of)\b" | r"\bso far\b" | r"\bgood start\b" | r"\bnow you have\b"
}

cue! {
    /// After praise, what takes it back.
    SETBACK =
        r"\b(?:errors?|mistakes?|incorrect|wrong|forg[oe]t|forgotten|missed|missing|misread|misunderst\w+|not (?:quite|right|correct))\b" | r"\bdo not need\b" | r"\bshould(?:n't| not| have)\b"
        | r"\blet(?:'s|s| us) (?:take it|go through|work through|go back|look (?:back|again)|start|break|check)\b" | r"\b(?:check|try|read|look|think)\b.{0,30}\bagain\b" | r"\bjust (?:one|need)\b"
}

cue! {
    /// The tutor excuses a student who did not answer.
    EXCUSE = r"^(?:ok(?:ay)? |oh |well )*(?:no (?:problem|worries|need)|not to worry|don't worry|that(?:'s| is) (?:ok(?:ay)?|fine|all right|alright)|it(?:'s| is) (?:ok(?:ay)?|fine|all right|alright))\b"
}

cue! {
    /// A question that casts doubt on the answer before it.
    CHALLENGE =
        r"\bwhere (?:did|does|do)\b.{0,30}\b(?:get|got|come)\b" | r"\bwhy (?:did|do|are|have|would|does) (?:you|the|it)\b" | r"\bhave you (?:considered|taken|included|accounted|forgotten|checked|thought|used|added)\b"
        | r"\bdid you (?:include|forget|account|remember|consider|check|add|use|read|notice|take)\b" | r"\bare you (?:sure|certain)\b" | r"\bis (?:that|this|it) (?:right|correct|true)\b" | r"\bdoes (?:that|this|it) (?:make sense|look|seem|sound|match)\b"
        | r"\bcan you (?:see|spot|find) (?:where|what|why|the|any|your)\b" | r"\bwhat (?:about|happened to)\b" | r"\b(?:can|could|would) you (?:please )?(?:re-?\s?check|re-?\s?read|check|try|look|double)\b" | r"\bwhat does the (?:question|problem)\b" | r"\bwould (?:that|this|it|we|you)\b"
}

cue! {
    /// Words by which a tutor helps on with what is not right yet.
    NUDGE = r"^(?:ok(?:ay)? |so |and |but |well |now |please |just )*(?:remember|think|consider|notice|look|read|use|try|note|keep in mind|we (?:know|need|have|already)|you (?:need|have to|know)|the question)\b"
}

cue! {
    /// The tutor asks how it was found, which judges nothing.
    PROBE =
        r"\bhow did you\b" | r"\b(?:walk|talk|take|guide|run) me through\b" | r"\b(?:can|could|would) you (?:please )?(?:explain|tell me (?:how|why|more|your))\b"
        | r"\bexplain (?:how|why|your|to me)\b" | r"\bwhat (?:did you do|makes you|was your|were your)\b" | r"\bwhy (?:did|do|have) you\b" | r"\bshow me how\b"
        | r"\byour (?:thinking|reasoning|working|process)\b"
}

cue! {
    /// The tutor hands over part of the way.
    HINT =
        r"\bhint\b" | r"\bremember\b" | r"\bthink (?:about|of)\b" | r"\bpicture\b" | r"\bimagine\b" | r"\blet(?:'s| us)\b" | r"\btry (?:to|using|drawing|breaking)\b" | r"\bwhat if\b"
        | r"\bfirst(?:ly)?\b" | r"\bstart (?:by|with)\b" | r"\bwe (?:know|need|can|have to|could)\b" | r"\byou (?:need|can|could|have to|should)\b" | r"\bnotice\b" | r"\bbecause\b"
        | r"\bhelp you\b" | r"\blook at\b" | r"\bwhich means\b" | r"\bstarts with\b" | r"\brule\b"
}

cue! {
    /// The tutor opens something new.
    NEW_TASK =
        r"\b(?:another|next|new|last|final|first|harder|trickier|easier|different) (?:one|question|problem|exercise|example|challenge|sentence|word)\b"
        | r"\bhere(?:'s| is| comes)\b.*\b(?:question|one|problem|another)\b" | r"\b(?:now|let's) try\b" | r"\btry (?:this|another|one)\b" | r"\blast one\b"
        | r"\bnext (?:up|we)\b" | r"\bmove on\b" | r"\bready for\b" | r"\bhow about\b"
}

cue! {
    /// The student does not know.
    DONT_KNOW =
        r"\bi (?:really |still |just )?(?:don't|dont|do not|didn't) (?:really |even )?(?:know|no|understand|get it|get this|remember|have (?:a|any) (?:clue|idea))\b"
        | r"\b(?:not|never|i'm not|im not) (?:really |so |too |quite )?sure\b" | r"\bno (?:idea|clue)\b" | r"\bidk\b" | r"\bi(?:'m| am) (?:lost|stuck|confused)\b"
        | r"\bi (?:can't|cannot|cant) (?:do|remember|think|figure)\b" | r"\bi (?:forgot|forget)\b" | r"\bi give up\b" | r"\bdunno\b" | r"\bno se\b"
}

cue! {
    /// The student asks for help.
    HINT_REQUEST =
        r"\b(?:give|have|get|need|want|use) (?:me )?(?:a |another |some |any )?(?:hint|clue|help)s?\b" | r"\bhelp me\b" | r"\bcan you help\b" | r"\bi need help\b"
        | r"\bhow (?:do|would|should|can|could) (?:i|you|we)\b" | r"\b(?:can|could) you (?:please )?(?:explain|show|tell|repeat|say)\b"
        | r"\bwhat (?:is|was|'s|does) (?:the )?(?:word|formula|rule|first step|hint)\b" | r"\bwhat (?:do|should) i do\b" | r"\bwhere do i start\b"
}

cue! {
    /// An answer in the form of a question.
    GUESS =
        r"\b(?:is|would|could|was) (?:it|that|this|the answer)\b" | r"\bis is\b" | r"\bmy (?:final |best )?(?:answer|guess)\b" | r"\b(?:maybe|perhaps|probably|i think|i guess|i believe)\b" | r"^(?:so|then|or|um|and|oh|ok(?:ay)?)\b.*\?$"
        | r", right\?$" | r"\bhow about\b"
}

cue! {
    /// A real question of the student.
    ASKING =
        r"^(?:um+ |uh |so |but |and |ok(?:ay)? |oh |wait |hey |also |by the way )*(?:how|what|what's|whats|why|where|when|which|who|can|could|do|does|did|should|will|may|are|am)\b"
}

cue! {
    /// The student says that something was understood, thanked for or agreed to; nothing is answered.
    ACKNOWLEDGEMENT =
        r"^(?:(?:um+|uh|oh|ah|ok(?:ay)?|k|yes|yeah|yep|yup|y|ya|no|nope|sure|right|alright|all right|got it|i see|i get it|i understand|thanks?(?: you)?(?: so much| a lot)?|great|cool|good|fine|hi|hello|hey|bye|goodbye|good ?night|see you(?: \w+)?|done|ready|i'm ready|i'm done|i am ready|i am done|let's go|let's do it|i guess|please|sir|ma'?a?m|miss|mr|mrs|teacher|that makes sense|makes sense|will do|i hope so|maybe|a (?:little )?bit|a little|not really|both|now|it is|it does|i do|i did|i will|i am|you too|same)\b[\s.,!?'-]*)+$"
}

cue! {
    /// A sentence of thanks or of understanding, of any length.
    COURTESY =
        r"^(?:yes |yeah |no |oh |ah |ok(?:ay)? |great |sure |right |got it |wow )*(?:thanks?\b|i (?:think i |do |now |really )*(?:understand|see|get it|got it|appreciate)\b|that (?:makes|helps|helped|was|clears)|i(?:'ll| will) (?:remember|try|be|keep|make|do|check|practi[sc]e)|i have no|(?:that|you)(?:'s|'re| is| are) (?:right|welcome|correct|the correct|great)|i(?:'m| am) (?:glad|happy|sorry)|i apologi[sz]e|no more|nothing|not (?:right )?now|have a)"
}

cue! {
    /// The tutor asks about the call and not about the subject.
    CHECK_IN =
        r"\bready\b" | r"\bdo you (?:understand|want|need|have (?:any|a question)|agree|mind|follow)\b" | r"\bare you (?:there|done|still|working|ok(?:ay)?|with me|following|back|feeling)\b" | r"\bhow are you\b" | r"\bany(?:thing else| questions| other)\b"
        | r"\bmakes? sense\b" | r"\bcan you hear\b" | r"\bwould you like\b" | r"\bshall we\b"
}

cue! {
    /// The tutor asks whether this is the answer, so that "yes" means the answer before.
    FINAL_ANSWER = r"\b(?:final|your) answers?\b" | r"\bare you (?:done|sure|finished)\b" | r"\bis that (?:all|it|what)\b"
}

cue! {
    /// Questions whose "yes" shows no skill.
    SMALL_TALK =
        r"\b(?:are you|you) (?:ready|there|done|still|working|okay|ok|sure|with me|able|finished|following|back)\b" | r"\bdo you (?:understand|want|need|have (?:any|a question)|see|agree|mind|remember|like|know|follow|think you)\b" | r"\bmakes? sense\b"
        | r"\bdid you (?:understand|get|see|like)\b" | r"\bwould you like\b" | r"\b(?:shall|should|can|could|may) (?:we|i)\b" | r"\b(?:can|could|will|would) you\b" | r"\bhow are you\b" | r"\bany (?:questions|other)\b" | r"\bready\b" | r"\bwant to\b"
        | r"\bis (?:that|this|it) (?:clear|okay|ok)\b" | r"\bright\?$" | r"\bokay\?$" | r"\bcan you hear\b" | r"\banything else\b"
}

cue! {
    /// A question that can be answered by yes or no.
    YES_NO = r"^(?:so |and |now |but |then |well |ok(?:ay)? )*(?:is|are|was|were|does|do|did|has|have|can|could|will|would)\b"
}

/// Two things that are counted in a student's turns: requests for help, and answers that are taken back.
pub(super) static ASIDES: LazyLock<Patterns<2>> = LazyLock::new(|| {
    let takes_back = concat!(
        r"\b(?:no|oh),? wait\b",
        "|",
        r"\bwait,? no\b",
        "|",
        r"\bi mean(?:t)?\b",
        "|",
        r"\bsorry,? (?:it's|it is|i mean|that's)\b",
        "|",
        r"\bactually,? (?:it's|it is|no|that's|i)\b",
        "|",
        r"\bscratch that\b",
        "|",
        r"\blet me (?:redo|fix|try again|correct)\b",
        "|",
        r"\bthat (?:can't|cannot|can not) be right\b",
        "|",
        r"\bthat's not right\b",
        "|",
        r"\bno,? it's\b",
        "|",
        r"\bi made a mistake\b",
        "|",
        r"\boops\b",
        "|",
        r"\bhang on\b"
    );
    Patterns::new([HINT_REQUEST.as_str(), takes_back])
});

cue! {
    /// The tutor only waits for more.
    WAITING =
        r"^(?:(?:ok(?:ay)?|and|yes|mm+|mhm|uh|huh|so|no|please|sorry|alright|right)[\s.,!?…-]*)*(?:go on|keep going|carry on|go ahead|take your time|no (?:rush|hurry)|i'm listening|tell me more|continue|and\?|sigue|contin[uú]a|t[oó]mate tu tiempo|tranquil[oa]|weiter|mach weiter|lass dir zeit)[\s.,!?…-]*$"
}

cue! {
    /// Says that the tutor heard, and no more.
    PASSING = r"^(?:(?:ok(?:ay)?|mm+|i see|alright|uh|vale|ya|bien|aha)[\s.,!?…-]*)+$"
}

cue! {
    /// A student takes back what was said before.
    TAKES_BACK = r"^(?:(?:um+|uh|oh|ah)[\s,]*)?(?:no|wait|sorry|i mean|actually|hang on|hold on|espera|perd[oó]n|quiero decir|nein|warte|moment|ich meine)\b"
}

cue! {
    /// Short praise, as it is spoken; the whole clause.
    BARE_PRAISE =
        r"^(?:oh |ooh |ah |wow |well |ha |yes |yep |yeah |ok(?:ay)? |and |so |really |very |just |absolutely |how |what |such |my |that's |that is |that was |it's |you're |you are |you |a |an |the )*(?:lovely|smart|beautiful|beautifully|sharp|neat|sweet|solid|tidy|stellar|superb|magnificent|marvell?ous|splendid|sensational|incredible|genius|champion|legend|bullseye|winner|hoo?ray|yay|woohoo|woo hoo|yippee|ta da|boom|bam|ding ding(?: ding)?|high five|right on|bang on|dead on|on the (?:nose|money|button|dot)|spot on|on fire|on a roll|flying|mm+-?\s?h+m+|m+hm+|uh-?\s?huh|totally|certainly|definitely|indeed|of course|for sure|sure|you bet|you know it|it (?:sure |certainly |really )?is|it does|they do|they are|you did|you do know|a hundred percent|hundred percent|one hundred percent|got it in one|in one|first time|there you (?:go|are|have it)|here we go|now you've got it|that works|works for me|works|sounds (?:good|right)(?: to me)?|same here|same as (?:me|mine)|same|that(?:'s| is) what i (?:got|get|have|make it)|me too|i (?:get|got|make it|have) (?:that|the same)(?: too)?|i knew (?:you|it)\b.*|love (?:it|that|how)\b.*|i (?:like|love) (?:it|that|how)\b.*|correct-?o|yup yup|yes indeed|textbook(?: answer)?|easy|too easy|cracked it|smashed it|nailed it|crushed it|aced it|sorted|sold|clear as a bell|quick|speedy|(?:nice|good|great|lovely|fine|clever|smart|neat|excellent|super|strong|brilliant|wonderful|beautiful|perfect|fantastic|amazing|awesome) (?:one|job|work|thinking|reasoning|route|trick|catch|spot|spotting|reading|listening|counting|answer|evidence|logic|memory|eye|ear|and \w+|start)|clever (?:you|thinking)|(?:well|beautifully|nicely|cleverly|neatly|quickly|smoothly) (?:done|reasoned|spotted|said|put|explained|remembered|worked out|worked|read|counted|thought|handled|played)(?: you)?|wonderful|fantastic|all gone|you(?:'ve)? (?:spotted|switched|caught|remembered|figured|worked|noticed|found|used|doubled|earned|did) (?:it|that|the|this|your|them)\b.*|you(?:'re| are) (?:right|correct|good|there|on it)|we(?:'re| are) good|that(?:'s| is) (?:the one|the way|the trick|the spirit|how|my favourite|settled)\b.*|i('d| would) (?:say|agree)\b.*|agreed|couldn't (?:agree more|have said it better)|no problem at all|(?:go|get) in|bravissim[ao]|brav[ao]|muy bien|exacto|perfecto|genau|prima|s[uú]per|tr[eè]s bien|parfait)(?: \w+)?$"
}

cue! {
    /// Says that an answer is not right, or not yet, as it is spoken; the beginning of a clause.
    BARE_DOUBT =
        r"^(?:oh |ooh |ah |well |ok(?:ay)? |and |so |but |ha |mm+ |hm+ )*(?:hm+|mm+ let|oops|oopsie|whoops|uh-?\s?oh|careful|not (?:yet|this time|what i|how)|almost|nearly|close|so close|(?:very|really|pretty|super) close|you're (?:really |very |so )*close|warm|warmer|getting|you're getting|think again|try (?:once more|again|that)|have another|one more (?:try|go|look)|another (?:try|go|look)|take another|let me stop you|hold on|hang on|wait|stop|slow down|let's slow|i(?:'m| am) not (?:so |quite |too )?sure|are you sure|a (?:common|tiny|small|little) (?:mistake|slip)|that(?:'s| is) a (?:common|tiny|small|little) (?:mistake|slip)|(?:a |one |two |just )*(?:little|bit|tad|touch|one|two|few)? ?(?:too|over|under|short|more than|less than) (?:high|low|many|much|few|big|small|far)?|that would be (?:right )?if|i (?:got|get|have|make it) something (?:different|else)|something(?:'s| is) (?:off|missing|not)|same (?:trap|mistake|slip)|lots of people|many people|most people|everyone|everybody|it's the other way|the other way|where (?:did|does)|let's (?:check|look|count|line|see|test|try|think|go back|start|read|slow)|lets (?:check|look|count|line|see|test|try|think|go back|start|read|slow))\b"
}

cue! {
    /// The same in Spanish.
    PRAISE_ES =
        r"^(?:¡|pues |ah |y |muy |qué |que |s[ií] )*(?:s[ií]|bien|exacto|exactamente|correcto|correcta|perfecto|eso es|as[ií] es|eso mismo|genial|estupendo|fenomenal|bravo|claro|bien hecho|buen[ií]simo|buen trabajo|fant[aá]stico|excelente|justo|efectivamente|lo tienes|ole|ol[eé]|de acuerdo|es verdad|tienes raz[oó]n|acertaste|has acertado|ordenado|r[aá]pido|brillante|maravilloso|vale|guay|c[oó]mo no|por supuesto|sobresaliente|impecable|vas muy bien|muy bien)\b"
}
cue! {
    DOUBT_ES =
        r"^(?:¡|pues |ah |y |uy |mmm |hmm )*(?:no|casi|todav[ií]a no|a[uú]n no|cuidado|ojo|mmm+|hmm+|espera|uy|ay|por poco|te pasas|te has pasado|te quedas|otra vez|int[eé]ntalo|prueba|piensa|revisa|repasa|mira|f[ií]jate|imagina|divide|cuenta|recuerda|vuelve)\b" | r"\b(?:no es|no exactamente|no del todo|otra vez|equivoc\w+|te (?:falta|falt[oó])|has (?:sumado|restado|multiplicado|olvidado)|error|incorrecto|est[aá]s cerca|casi casi|un poco (?:menos|m[aá]s))\b"
}
cue! {
    /// The same in German.
    PRAISE_DE =
        r"^(?:ja |oh |na |ah |und |das ist |sehr |ganz |absolut |total |du hast )*(?:ja|jawohl|jo|genau|richtig|prima|super|stimmt|gut|toll|klasse|perfekt|korrekt|spitze|stark|ausgezeichnet|bravo|hervorragend|wunderbar|fein|exakt|einverstanden|recht|top|mega|cool|geschafft|gut gemacht|sehr gut|sehr sch[oö]n|sch[oö]n|bingo|volltreffer|klar|sauber)\b(?:$| |[!.])"
}
cue! {
    DOUBT_DE =
        r"^(?:oh |hm+ |na |ah |und |also |tja )*(?:nein|nee|ne|nicht|noch nicht|leider|fast|beinahe|knapp|vorsicht|achtung|falsch|hm+|moment|warte|stopp|schau|[uü]berleg|denk|versuch|probier|z[aä]hl|pr[uü]f|rechne|noch ?(?:ein)?mal|guter versuch|zu (?:viel|wenig|hoch|niedrig|gro(?:ß|ss)|klein))\b" | r"\b(?:nicht (?:ganz|richtig|so|genau)|stimmt nicht|noch ?(?:ein)?mal|leider|falsch|fehler|daneben|verrechnet|vertan|zu (?:viel|wenig|hoch|niedrig|gro(?:ß|ss)|klein))\b"
}

cue! {
    /// Excuses a student who does not know, in Spanish or German.
    EXCUSE_FOREIGN = r"^(?:no pasa nada|no te preocupes|tranquil[oa]|no importa|kein problem|macht nichts|das macht nichts|schon gut|nicht schlimm)\b"
}

cue! {
    /// The tutor ends the call.
    CLOSING = r"\b(?:out of time|time(?:'s| is) up|good ?bye|bye|see you|next time|that's all|tsch[uü]ss|adi[oó]s|hasta (?:luego|la pr[oó]xima|ma[nñ]ana)|chao|bis bald)\b"
}

cue! {
    /// The tutor continues the task that is open.
    CONTINUES = r"^(?:ok(?:ay)?|yes|yeah|right|good|great|exactly|perfect|nice|correct|that's it|s[ií]|bien|ja|genau|gut)?[\s,.!]*(?:so|then|now (?:what|how|the|put|add|try)|and (?:with|so|then|now)|which (?:means|leaves|makes)|pues|entonces|also|dann|und dann)\b"
}

cue! {
    /// A sentence that asks about what was found last: "How much of a pizza is that?"
    TAKES_UP = r"\b(?:so|and|then|that|those|these|of them|eso|das|davon)$"
}

cue! {
    /// The tutor says what to do next with the open task.
    INSTRUCTION =
        r"(?:^|[.!?\n]\s*)(?:(?:yes|ok(?:ay)?|so|then|and|now|just|well|hm+)[\s,.!]*)*(?:add|subtract|take (?:away|off|\w+ (?:away|off|from))|multiply|divide|double|halve|count|round|use|draw|split|write|put|find|compare|line|turn|start|look|check|test|picture|sound|work|make|move|keep|carry|flip|share|group|teile?|z[aä]hle?|nimm|setz|cuenta|suma|resta|divide|multiplica)\b"
        | r"(?:^|[.!?\n]\s*)try (?:\w+ths|\w+ing|tens|ones|halves|quarters|the|a)\b"
}

cue! {
    /// The tutor surely opens something new, also after an answer that was not right.
    ANOTHER =
        r"\b(?:another|next|new|last|final) (?:one|question|problem|exercise|example|challenge|sentence|word)\b"
        | r"\b(?:another|next|n[aä]chste[rs]?|otra|siguiente)[:,.]" | r"\b(?:move on|leave it|forget it|never mind|skip (?:it|that|this))\b"
}

cue! {
    /// An exercise in the form of a command.
    EXERCISE = r"(?:^|[.!?:,\n]\s*)(?:(?:and|now|then|okay|ok|yes|right|good)[\s,]*)*(?:solve|simplify|factor|find|estimate|round|compute|calculate|work out|evaluate|expand|convert|spell|share|translate|l[oö]se|k[uü]rze|calcula|resuelve)\b"
}

cue! {
    /// The student asks to hear it again.
    ASKS_AGAIN = r"^(?:(?:um+|uh|er|oh)[\s,]*)*(?:what|huh|pardon|sorry|come again|(?:can|could) you (?:please )?(?:repeat|say (?:it|that) again).{0,20}|say (?:it|that) again|wie bitte|c[oó]mo)[\s?.!]*$"
}

cue! {
    /// The tutor asks for the same once more.
    ONCE_MORE = r"\b(?:again|once more)\b"
}

cue! {
    /// The tutor asks whether an answer was heard right.
    CHECKS_HEARING = r"\b(?:was that|did you say|did i hear|say that again|did i (?:get|catch))\b"
}

cue! {
    /// The tutor says an answer, to be said again.
    REPEAT_AFTER = r"\b(?:repeat after me|say it with me|say after me|after me|i'll tell you|repite conmigo|sprich mir nach)\b"
}

cue! {
    /// The student asks for help, and not only to hear it again.
    ASKS_HELP = r"\b(?:help|hint|clue|just tell me|how do (?:i|you)|where do i start|ayuda|pista|hilfe|tipp)\b"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_none_takes_an_empty_text() {
        let all = [
            &CONSOLATION,
            &REJECTION,
            &CONFIRMATION,
            &RESERVATION,
            &EXCUSE,
            &PROBE,
            &HINT,
            &NEW_TASK,
            &DONT_KNOW,
            &HINT_REQUEST,
            &GUESS,
            &ASKING,
            &ACKNOWLEDGEMENT,
            &COURTESY,
            &CHALLENGE,
            &NUDGE,
            &CHECK_IN,
            &IN_PART,
            &SETBACK,
            &STILL_RIGHT,
            &FINAL_ANSWER,
            &SMALL_TALK,
            &YES_NO,
        ];
        for cue in all {
            assert!(!cue.is_match(""), "{cue:?}");
        }
    }
}
