//! First names that a recogniser writes in lower case, and words that stand where a name would.

/// Frequent first names, lower-case and without accents. A name that is absent here is still found after "my name is" or
/// where the tutor asked for it.
pub(super) const NAMES: &str = "\
    aaliyah aaron abby abdul abdullah abigail abril ada adam adele adrian adriana agnes ahmad ahmed aicha aiden aisha aki \
    alan alba alberto aldo alejandra alejandro alena alessia alex alexa alexander alexandra alexis alfie alfred ali alice \
    alicia alina alisha alma alvaro alyssa amalia amanda amara amari amber amelia amelie amina amir amira amy ana anais \
    anastasia anders andre andrea andreas andres andrew andy angel angela angelina anika anita anja ann anna annabelle \
    anne annie annika anthony antoine anton antonia antonio anya april aria ariana arjun armando arne arthur arturo arya \
    asha asher ashley astrid aubrey audrey august aurora ava avery axel ayaan ayan ayesha ayla beatrice beatriz bella ben \
    benjamin bernd beth bianca bilal blake bo bobby boris brandon brayden brian brianna brittany brody brooke bruno bryan \
    caleb callum cameron camila camilla carla carlos carmen caroline carolina carson carter catalina catherine cecilia \
    celina celine chantal charles charlie charlotte chiara chloe chris christian christina christopher cindy claire clara \
    clarissa claudia cleo clemens cody colin connor conny cora cristian cristina cyrus daisy damian dan dana daniel \
    daniela danny dante daria dario darius dave david davide dean deborah deniz dennis derek destiny devon diana diego \
    dilan dina dion dirk dominic dominik donovan dora dorian doris dylan eddie edgar eduardo edward ela elena eleni eli \
    elia eliana elias elif elijah elin elisa elisabeth elise eliza elizabeth ella ellen ellie elliot elsa elvira emerson \
    emil emilia emiliano emilie emilio emily emma emmanuel enrique enzo eric erica erik erika ernesto esme esmeralda \
    esteban estela esther ethan eva evan eve evelyn evie ezra fabian fabio faith fatima fatma federico felicia felipe felix \
    fernanda fernando fiona finley finn flora florian frances francesca francisco franco frank franka franziska fred \
    freddie frederick freya frida frieda frieder fritz gabriel gabriela gael gavin gemma george georgia gerardo gianna \
    gina giovanni giulia gloria gonzalo grace gracie grayson greta guadalupe guillermo gus gustavo hailey hamza hana \
    hannah hanna hannes hans harper harriet harrison harry harvey hasan hassan hazel heather hector heidi helen helena \
    henri henrik henry hermine holly hope howard hugo ian ibrahim ida ignacio imani ines inga ingrid irene iris irma isa \
    isaac isabel isabell isabella isabelle isaiah isaac ismael israel ivan ivy jabari jack jackson jacob jada jade jaden \
    jaime jake jakob jamal james jamie jan jana jane janina janis jannik jared jasmin jasmine jason jasper javier jay jayden \
    jayla jeff jenna jennifer jenny jens jeremiah jeremy jesse jessica jesus jette jill jim jimena jo joana joanna joao \
    joaquin joel joey johan johann johanna john johnny jon jonah jonas jonathan jordan jordi jorge jose joseph josephine \
    josh joshua josie joy juan juana judith jules julia julian juliana julie juliet julieta julio julius jun june justin \
    kai kaitlyn karen karim karin karl karla karolina kate katharina katherine kathrin katie katja kayla keira keisha kelly \
    kelvin ken kenji kenneth kenya kerem kevin khadija khalid kian kiara kim kira klara klaus kofi konrad kristin kurt kyle \
    kylie laila lana lara lars laura lauren laurin layla lea leah leandro leila lena leni lennart lennox leo leon leona \
    leonard leonardo leonie leonor leticia levi lewis lexi lia liam lian lila lili lilian lillian lilly lily lina linda \
    linh linus lisa liv livia liz logan lola lorena lorenzo lotta lotte lou louis louisa louise luana luca lucas lucia \
    luciana lucie lucy luis luisa luka lukas luke luna lydia lynn mackenzie maddie madeleine madison magda magdalena maggie \
    maia maja makayla malia malik malin manuel manuela mara marc marcel marcela marco marcos marcus margaret margarita \
    maria mariam mariana marie mariella marina mario marion marisol marius mark marko marla marlene marley marlon marta \
    martha martin martina marvin mary maryam mason mateo mathilda mathilde mats matthew matthias matthis matilda matt \
    mauricio max maxim maximilian maya mckenzie megan mehmet mei mel melanie melina melissa mercedes meredith merle mia \
    micah michael michelle miguel mika mikael mike mila milan milena milo mina mira miranda miriam mohamed mohammed moira \
    molly mona monica monika morgan moritz moses muhammad murat mustafa myles nadia nadine naima naomi natalia natalie \
    natasha nathan nathaniel nayeli neil nela nele nelly nelson nia niall nicholas nick nico nicola nicolas nicole nik nika \
    nikita niklas nils nina nino noah noe noel noemi nolan noor nora norah nour nuria octavia oliver olivia olga oliwia omar \
    ophelia oscar oskar otis otto owen pablo paige paloma pamela paola paolo parker pascal patricia patrick patty paul paula \
    paulina pauline pedro peggy penelope penny perla peter petra phil philip philipp phoebe pia pierre pilar piper polly \
    poppy preston priya quentin quinn rachel rafael rahul raj ralf ramon ramona raul ravi ray raymond rebecca reese regina \
    reina ren renata rene rhys riccardo richard rick ricky riley rita robert roberto robin rocio rodrigo roger roland roman \
    romeo ronja rosa rosalie rosie ross roxana roy ruben ruby rudy ruth ryan sabine sabrina sadie said salma salome salvador \
    sam samantha samir samira samuel sandra sandro santiago santino sara sarah sascha saskia savannah scarlett scott sean \
    sebastian selena selin selina selma serena sergio seth shane shania shannon sharon shaun shirin sienna sierra silas \
    silke silvia simon simone sina sky skylar sofia sofie solomon sonia sonja sophia sophie spencer stefan stefanie stella \
    stephanie stephen steve steven stuart sue susan susana susanna susanne sven svenja sybille sylvia talia tamara tamika \
    tanja tanya tara tariq tate tatiana taylor ted teo teresa tessa thea theo theodor theodore theresa thiago thomas tia \
    tiana tiffany till tilda tilly tim timo timothy tina tobias tobi toby tom tomas tommy toni tony travis trevor trinity \
    tristan tyler tyrone ugo ulrike umar ursula uwe valentin valentina valeria valerie vanessa vera veronica vicente vicky \
    victor victoria viktor viktoria vincent violet violeta virginia vivian viviana wade walter wanda wendy wes wesley \
    wiktor will william willow winnie wren wyatt xavier ximena yael yara yasin yasmin yasmine yolanda yosef yousef yuki \
    yuna yusuf yvonne zach zachary zahra zainab zaid zara zoe zoey zofia zuri";

/// First and second part of names in two words.
pub(super) const FIRST_PARTS: &str = "mary anna ana maria juan jose jean john luis lisa anne ann emma ella peggy tommy billy \
    bobby jo lee hans karl eva sarah marie rosa ruth betty sally amy carol miguel marco luz angel sue ellie lily ava";
pub(super) const SECOND_PARTS: &str = "jane ann anne jo lou beth kate grace rose sue lee jose maria carlos luis pablo antonio \
    paul luc pierre isabel elena sofia peter heinz lena marie louise may mae ray bob joe ellen angel miguel manuel belle \
    claire fernanda jean lynn michelle";

/// Words that are no names: states, numbers, subjects, places of a sentence. Lower-case and without accents.
pub(super) const NO_NAMES: &str = "\
    a about actually afraid after again ahead alone almost already alright also always am amazing an and angry annoyed \
    another any anxious anyone anything are around as asking at available awake aware awesome back bad be because been \
    before behind being better between big bit bored boring both bro brave busy but by calling calm can cant certain close \
    cold coming cool confused correct couldnt crazy curious cute dead did different difficult do does doing done dont down \
    dumb early easy eating either embarrassed english even every everyone everything excited excellent exhausted fantastic \
    fast feeling few fine finished first for forgetting free fresh friday frustrated from full fun funny getting glad go \
    going gonna good got grade great guessing had half happy hard has hate have having he hear hello help her here hes hey \
    hi him his holding home homework hot how hungry hurt i id if ill im impossible in interested into is it its just kidding \
    kind kinda last late later learning left less let like listening literally little live loud lost lots love mad many \
    maybe me mean math maths monday mondays more most mostly much my myself named near nearly nervous never new next nice no \
    nobody none nope not nothing now of off okay ok old on one only or other our out outside over part perfect please pretty \
    probably proud quick quiet quite ready real really reading right sad same saturday saying scared school science second \
    see she shes short shy sick silly simple since sitting six sleepy slow small smart so some someone something sometimes \
    sorry spanish speaking spelling standing starting starving still stop stressed stuck student studying stupid such sunday \
    super supposed sure talking ten terrible thanks thank that thats the their them then there theres these they thing think \
    thinking thirsty this those though through thursday time tired to today together tomorrow tonight too top totally trying \
    tuesday tutor two ugh um under unsure up upset us using very waiting walking wanna want wanting was watching way we \
    wednesday weird well were what when where which while white who why wondering working worried wow writing wrong yeah year \
    years yep yes yesterday yet you your yours zero three four five seven eight nine eleven twelve thirteen fourteen fifteen \
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand third fourth \
    fifth sixth seventh eighth ninth tenth quarter quarters thirds fifths sixths sevenths eighths ninths tenths fractions \
    fraction algebra geometry history geography division multiplication addition subtraction decimals percent percentages \
    equations angles area perimeter tables vocabulary grammar coding biology chemistry physics music art german french \
    italian english american mexican british indian chinese irish african asian muslim christian jewish german spanish \
    polish turkish russian admin system developer assistant teacher analyser computer robot nobody batman girl boy kid man \
    woman child person mom mum mommy mummy dad daddy mother father brother sister grandma grandpa uncle aunt cousin friend \
    parent fifteen number answer question problem correct incorrect true false red blue green yellow black pink purple \
    brown orange cat dog car sunny raining snowing morning afternoon evening night dinner lunch breakfast noon midnight \
    anybody everybody somebody somewhere nowhere inside upstairs downstairs january february march july september october \
    november december monday \
    need want name called soy somos es quiero puedo necesito vengo llamo nombre ich mein meine du er sie wir name wer habe \
    mochte kann ask asked idea bye goodbye whatever nah huh pardon excuse speak spell play game games book wants needs \
    listo lista bien mal cansado cansada aqui alumno alumna estudiante de del un una el la los las en con no si muy mas \
    menos nuevo nueva bueno buena malo mala feliz triste nino nina hijo hija su mi tu yo que como cuando tarde temprano \
    seguro segura aburrido aburrida enfermo enferma nervioso nerviosa solo sola estoy tengo hola gracias uno dos tres cuatro \
    cinco seis siete ocho nueve diez fracciones matematicas ingles espanol por para porque este esta eso \
    fertig bereit mude da hier gut schlecht krank nervos aufgeregt neu allein noch nicht kein keine ein eine der die das \
    den dem schon auch nur sehr so zu zuhause hause unterwegs dran verwirrt sicher unsicher froh traurig gespannt in im auf \
    aus von mit bei acht neun zehn elf zwolf eins zwei drei vier funf sechs sieben klasse schuler schulerin ja nein danke \
    bitte hallo brueche bruche mathe deutsch es ist war bin doch mal wieder gerade jetzt heute morgen gestern";
