/// The phrases by which crises are recognised, our own collection.
///
/// A statement is a line with the indented lines that follow it:
///
///     word < other words        these are read as that word
///     <class> = words           a name for several
///     idiom : pattern           its words are no signal: "this exam is killing me"
///     jest : pattern            its words make a mention of a signal: "hungover, want to die"
///     category level : pattern  1 mention, 2 concern, 3 crisis; "3!" is not weakened by "never"
///
/// A pattern is a row of places: `a|b` is either word, `word?` may be missing, `~` lets up to three
/// other words come before the next, `~~` up to eight, `$` is the end of a sentence or of a part of
/// one. A pattern ends with its sentence. Words are as `SafetyReader` gives them: without
/// apostrophes, "dont".
enum SafetyRules {
  /// All parts, in order.
  static let all = [
    words, idioms, jests, selfHarm, selfHarmOfOthers, selfHarmHinted, violence, violenceHinted,
    coercion, coercing, coercionHinted,
  ]

  /// The number of words that are left out: the first that is read.
  static let fillerNumber: UInt16 = 1

  private static let words: StaticString = """
    filler < just really actually literally fucking fuckin freaking even honestly simply seriously
     totally basically kinda truly probably very so fckin rly still definitely absolutely
    going < gonna gona gunna goin
    wanna < wana wnna
    want < wnt w
    to < 2
    you < u ya yall
    kill < kil kll kiil
    killing < killin kiling klling
    myself < myslf mysef meself myslef mself
    die < dye
    suicide < suiside sucide suicde sewerslide suicid sucicide
    suicidal < siucidal suicial sucidal suicidel
    tomorrow < tmrw tmr tomorow
    tonight < 2nite tonite 2night
    girlfriend < gf
    boyfriend < bf
    because < bc cuz cos
    <i> = i im ive id ill imma ima
    <he> = he she they hes shes theyre him her husband wife boyfriend girlfriend ex partner dad
     father stepdad mom mum mother brother uncle man guy hubby roommate boss son daughter sister
     friend stepfather family parents teacher coworker date someone somebody stranger cousin mate
     buddy girl
    <other> = him her them someone somebody people everyone everybody anyone wife husband
     girlfriend boyfriend ex boss coworker coworkers family mom mum dad parents kids kid
     classmates guy bitch bastard women men girls woman man stepfather stepdad roommate brother
     sister son daughter baby both person child children partner
    <kin> = friend girlfriend boyfriend brother sister son daughter mom mum dad wife husband
     roommate ex cousin mate buddy guy girl he she partner kid student child him her they
    <hurt> = hurt hurting hurts harm harming cut cutting cuts burn burning injure injuring punish
     punishing starve starving hit hitting stab stabbing punch punching scratch scratching
    <want> = want wanna wanting wanted wish wishing hoping hope ready deserve need tempted
    <think> = think thinking thought thoughts fantasize fantasizing urge urges plan planning
     planned consider considering considered contemplating want wanna wanting wanted going ready
     tempted dream dreaming imagine imagining feel like idea ideas
    <negator> = not never no dont didnt wouldnt wont havent hasnt isnt arent aint doesnt nobody
     neither wasnt nor werent
    <chain> = to going want wanna ever plan plans planning intend intention intentions of thinking
     thought thoughts think about i am would any be try trying in my life have had having feel
     feeling desire a been being is was anyone anybody person because it lay she he they her
    <fiction> = movie film novel book series show episode song lyrics game character chapter
     podcast documentary essay thesis article history hamlet anime plot scene play minecraft band
     theatre videogame netflix romeo shakespeare watched hero villain class prevention hotline
     volunteer survivors survived
    <first> = i im ive id ill myself me my
    <plain> = therapist therapists therapy check show grapes rapid drape trapeze hurtful audience
     soldiers
    """

  private static let idioms: StaticString = """
    idiom : dying|die|died|dead of|from laughter|laughing|boredom|embarrassment|cringe|curiosity
     |shame|excitement|thirst|cuteness|jealousy
    idiom : laughed until i died
    idiom : dying|die to|for ~ know|meet|see|try|hear|go|ask|tell|find|make|eat|visit|learn|get|be
     |read|talk|kiss|start|holiday|vacation|coffee|out
    idiom : die on this|that|a hill
    idiom : dying inside
    idiom : dying lol|lmao|haha|over|laughing
    idiom : killing|killed|kills|kill it|time|two
    idiom : kill for a|some|that|this|one
    idiom : kill to look|have|be|know|get|see
    idiom : to kill for
    idiom : kill me now|lol|haha
    idiom : kill|kills|killing|killed the mood|vibe|lights|engine|conversation|buzz|romance|chat
     |silence|boss|monster|level|process|messenger|cat|dragon
    idiom : killed|killing my sex|mood|vibe|buzz|confidence|feet|back|battery
    idiom : curiosity killed
    idiom : nearly|almost killed|killing me
    idiom : exam|feet|legs|back|head|heels|shoes|traffic|wait|suspense|hangover|knees|arms|muscles
     |boots|job|work|waiting|heat|workout|homework|diet|joke|it|thats|this|commute ~ killing
     |killed|kills me
    idiom : drop dead gorgeous|handsome
    idiom : dead tired|serious|end|ends|line|battery|phone|giveaway|weight|meat|inside|simple
     |silent|last|wrong|heat|sexy|at|on
    idiom : social|love|sex life is dead
    idiom : over my dead body
    idiom : id|would rather die than
    idiom : to die for
    idiom : hope goes to die
    idiom : lose|lost the will to live lol|haha
    idiom : scared|bored|worried|embarrassed|laughed|freezing|love|loved ~ to death
    idiom : shoot|shot me|him|her|you|them a|an text|message|dm|line|mail|email|note|look
    idiom : shoot me i
    idiom : shoot my|your|his|her|the shot
    idiom : shoot hoops|pool|the|for|your breeze|stars|hoops
    idiom : photo shoot
    idiom : shot|shoot|shooting me|him|her|us down
    idiom : shooting range|mode|stars|hoops
    idiom : got shot down
    idiom : hit|hits on|it|rock|snooze|send|different|differently|hard|home|song|up
    idiom : hit|hits me up|with|hard|that|back
    idiom : hit|hits|hitting the gym|club|bar|road|spot|brakes|books|pub|beach|showers|floor
    idiom : hit him|her|them up|with|on
    idiom : hitting on
    idiom : beat|beating|beats myself|yourself|themselves|up up
    idiom : beat|beats|beating around|off|eggs|cancer
    idiom : cut myself ~ shaving|cooking|knife|paper|some|off
    idiom : cut my finger
    idiom : cut|cutting him|her|them|myself|me|people some|off
    idiom : cut|cutting down|carbs|ties|edge|calories|sugar|back
    idiom : stabbed me in|right ~ back|heart
    idiom : stab in the
    idiom : suicide squad|prevention|hotline|bomber|bombers|awareness|watch
    idiom : suicidal tendencies
    idiom : murder mystery
    idiom : murder a|an curry|pizza|burger|coffee|steak|beer|sandwich
    idiom : was|is murder
    idiom : get away with murder
    idiom : bomb|bombed the|a|my|that interview|date|joke|exam|test|set|punchline|first
    idiom : love bomb|bombing|bombed
    idiom : end my|the relationship|marriage|subscription|lease|day|night|engagement|call|contract
     |date|friendship
    idiom : end it with|between|before|there|on|nicely|well
    idiom : could|wanna|might kill|murder|strangle my|the alarm|neighbor|neighbour|neighbors|dog
     |cat|printer|laptop
    idiom : kill him|her when he|she forgot ~ haha|lol
    idiom : mom|mum|dad|boss|wife|husband|roommate|coach|parents|teacher|sister|wifes|moms ~ going
     |will|would|to ~ kill|murder|strangle me ~ when|if
    idiom : kill|destroy|beat|murder|crush you|him|her|them|me at|in|3 chess|tennis|fifa|mario
     |poker|basketball|soccer|game|league|fortnite|pong|ping|smash
    idiom : beat|destroyed|crushed him|her|them|me at|last|3
    idiom : kill you lol|haha
    idiom : stalked|stalking|stalk|stalks ~ instagram|insta|profile|facebook|linkedin|page|feed
     |tiktok
    idiom : insta|instagram|facebook stalking|stalk
    idiom : burn calories|fat|bridges
    idiom : burned out|the
    idiom : blow|blew|blowing|blown up|away my|with|by|balloons
    idiom : force|forced|forcing myself to
    idiom : forced a|the smile|laugh|conversation|small
    idiom : killer smile|instinct|outfit|body
    idiom : lady killer
    idiom : panic|anxiety|heart attack|attacks
    idiom : attacked|attack my argument|point
    idiom : self defense|defence
    idiom : overdose|overdosed|overdosing on coffee|chocolate|sugar|caffeine|netflix|cuteness
     |memes|candy
    idiom : on this|that hill
    idiom : cant|cannot go|carry on another|a|the|dates|that|vacation|holiday|about|with|saturday
     |sunday|friday
    idiom : friend zone
    idiom : live in|with|near|at|by the|a|an|his|her|my|their
    idiom : trapped|locked|tied|chained in|up|to|out ~ boring|finals|work|desk|conversation
     |meetings
    idiom : kick|kicked|kicks|throw|threw me|him|her|us out
    idiom : push|pushes|pushed|pushing|kick|kicks me|my|him|her away|buttons|out|to|hard|further
    idiom : hurts|hurt me to|that|deeply|emotionally
    idiom : thought i was|am going to die
    idiom : abusing|abuse|abuses|abused her|his|my|the|their? prescription|medicine|alcohol|drugs
     |medication|substances
    idiom : what the? point of life is|$
    idiom : holding me hostage in
    idiom : locked myself|me out
    idiom : lock me out if
    idiom : call of duty
    idiom : gun to my head i|id
    idiom : pressure from|to ~ parents|family
    idiom : parents pressure me to find
    idiom : without hurting|killing
    idiom : hurt|hurting his|her|their feelings
    idiom : breaks|break|broke my|her|his heart
    idiom : wont|wouldnt let me pay|down|stay|cook|drive
    idiom : afraid|scared of hurting
    idiom : take no for an answer but
    idiom : cant take this|the|that level
    idiom : die|dies|died|dead ~ phone|battery
    """

  private static let selfHarm: StaticString = """
    self-harm 3 : kill|killing|killed|hang|hanging|drown|drowning|shoot|shooting|unalive|unaliving
     |off|offing|end|finish|finishing|ending myself
    self-harm 3 : kill|killing|hang|hanging|shoot|drown my|me self
    self-harm 3 : kill|killing yourself
    self-harm 3 : hang|drown|shoot myself
    self-harm 3 : kms
    self-harm 3 : end|ending|take|taking|took|taken my own? life
    self-harm 3 : end|ending|finish it|everything all? tonight|forever|permanently|soon|now|today
    self-harm 3 : end|ending it|everything all
    self-harm 3 : commit|committing|attempt|attempted|attempting suicide
    self-harm 3 : suicide plan|note|letter|attempt|attempts|method|methods
    self-harm 3 : <think> ~ suicide
    self-harm 3 : suicide ~ my mind
    self-harm 2 : suicide|suicidal|unalive|unaliving
    self-harm 3 : <i> ~ suicidal
    self-harm 3 : suicidal thoughts|ideation|feelings|plans|again
    self-harm 3 : <want> to|2? die|dead|dieee
    self-harm 3 : wanna|want die|dead
    self-harm 3 : wish|wishing|hope ~ i was|were|would|could dead|die|died|gone
    self-harm 3 : wish|hope i dead|died|die
    self-harm 3 : wish ~ never born|existed|exist
    self-harm 3 : wish|hope|hoping|pray|want|wanna ~~ never|not wake|waking up?
    self-harm 3 : wish|hope|hoping|pray ~ car|train|bus|truck|god|one ~ hit|hits|takes|take|comes
     |kill me?
    self-harm 3 : rather|happier|might|better|easier ~ be|as|if|well|were ~ dead
    self-harm 3 : happier|better dead
    self-harm 3 : kill|be dead|myself anyway|then
    self-harm 3 : better|happier ~ off? ~ without me
    self-harm 3 : better off if i
    self-harm 3 : better|happier ~ if i ~ dead|died|gone|disappeared|around|wasnt|werent
    self-harm 3! : dont|not|no|never|didnt|cant want|wanna|wish|reason|reasons|deserve|desire to
     |for? live|living|exist|existing|wake
    self-harm 3! : dont|not want|wanna to? be alive
    self-harm 3! : dont|not want|wanna to? be around|here anymore|longer|$
    self-harm 3! : dont|not want|wanna to? exist
    self-harm 3! : dont|not|no|any see? any|the|a? reason|point|purpose in|of|to|for? me? to? live
     |living|alive|exist
    self-harm 3! : no|any reason|point for|to|in|of? me? to? keep|go|keep on|going
    self-harm 3! : whats|what the|is? the? point of|in|to ~ living|existing|alive
    self-harm 3! : whats|what the|is? the? point of|in life anymore|if|when|without|like
    self-harm 3! : nothing ~ live for
    self-harm 3 : tired|done|sick|finished|exhausted|exhausting of|with ~ living|existing|alive
     |life
    self-harm 3 : stop|quit existing|living
    self-harm 2 : existing|alive|living ~ exhausting|unbearable
    self-harm 3! : dont|doesnt|no care|matter if|whether i live|die|lived|died|wake
    self-harm 3! : if i live or die
    self-harm 3 : sleep|asleep ~ and|to ~ never|not wake
    self-harm 3 : sleep forever
    self-harm 3! : dont|didnt|not deserve to? be? alive|exist|live|here
    self-harm 3! : shouldnt be alive|here|exist
    self-harm 3! : <i> shouldnt exist|live
    self-harm 3! : cant|cannot go|keep on|going|living anymore|longer|like
    self-harm 3! : cant|cannot go|carry on $
    self-harm 2! : cant|cannot do|take this|it ~ anymore|longer ~~ on|end|over|life|die|pain
    self-harm 3! : cant|cannot take|do|bear|stand it|this ~ anymore|longer ~ want ~ over|end|out
    self-harm 2! : cant|cannot go|carry on
    self-harm 3 : tonight|today ~~ ending|end it
    self-harm 3! : cant|cannot live|cope ~ pain|anymore|longer|alive|him|her|life
    self-harm 2 : give|giving|given up on life|living|everything|myself
    self-harm 3 : jump|jumping|jumped off|in|from|into|front ~ bridge|roof|building|balcony|train
     |window|traffic|cliff
    self-harm 3 : balcony|bridge|roof|cliff|ledge ~~ jump|jumping
    self-harm 3 : going to jump
    self-harm 3 : on the roof|ledge now|alone
    self-harm 3 : step|stepping|walk|walking|lie|stand|hoping|drive|driving|drove ~ in|on|into
     |front|off ~ front|train|tree|wall|traffic|tracks|bridge|cliff|river ~ train|comes|traffic
     |bus|car|today?
    self-harm 2 : walking|sitting|standing|lying on the train|railway tracks
    self-harm 3 : drive|driving|drove|crash|crashing|steer|steering ~ off|into|to ~ bridge|cliff
     |tree|wall|traffic|river
    self-harm 3 : slit|slitting|cut|cutting|cuts|slash|slashing|scratch|scratched my|his|her|our
     |the ~ wrist|wrists|arms|arm|legs|thighs|skin|veins|thigh
    self-harm 3 : cut my self
    self-harm 3 : slit ~ throat|wrists|wrist
    self-harm 3 : swallow|swallowed|took|take|taking ~ all|bottle|bunch|whole|twenty|thirty|too
     |pack|lot|20|30 ~ pills|meds|tylenol|tablets|medication|paracetamol|ibuprofen
    self-harm 3 : bottle|bunch|pack of ~ pills|meds|tylenol|tablets|paracetamol|ibuprofen
    self-harm 3 : overdose|overdosed|overdosing
    self-harm 3 : overdose|od on
    self-harm 3 : have|got|stocked|saved|saving|stockpiling|stockpiled|counting|hoarding ~ pills
     |meds ~ ready|drawer|enough|tonight|up|saved
    self-harm 3 : swallow|drink|drank|swallowed|drinking bleach|poison|antifreeze
    self-harm 3! : how many ~~ pills|tylenol|tablets|meds|paracetamol ~~ wake|die|kill|dead|death
     |enough
    self-harm 3 : noose ~ tied|ready|neck|made
    self-harm 3 : i have|got|bought|keep|hid|tied ~ rope|noose|gun|pills|razor|blade ~ garage
     |ready|drawer|pillow|bed|tonight|case|make|think|closet|basement
    self-harm 3! : bought|have|keep|got ~ gun|rope|noose ~~ make|brave|ready|see ~~ friday|through
     |week|tomorrow|case|enough|morning
    self-harm 3 : razor|blade|blades ~ when|skin|hour|wrist|bath|bathtub|pillow
    self-harm 3 : bathtub|bath with a razor|blade|knife|toaster
    self-harm 3 : barrel|gun|pistol ~ mouth|my head|temple
    self-harm 3 : bleed|bleeding out
    self-harm 3 : until|till|it i|it bleed|bleeds|black out?
    self-harm 3 : <hurt> myself
    self-harm 3 : <hurt> my self
    self-harm 3 : hurting|harming|cutting myself again
    self-harm 2 : starve|starving myself
    self-harm 3 : burn|burning my arms|arm|skin|legs|hand
    self-harm 3 : burning|burn myself
    self-harm 3 : self harm|harming|harmed|injury|harms
    self-harm 3 : selfharm|selfharming|selfharmed
    self-harm 3! : cant stop cutting
    self-harm 3 : urge|urges|want|started|start|keep|relapsed|back|need to|cutting ~ cut|cutting
    self-harm 3 : started|back to? cutting again
    self-harm 3 : cutting again
    self-harm 3 : hit|bang|banging|punch|smash my head
    self-harm 2 : make|making myself throw|puke|vomit|sick
    self-harm 2 : pro ana|mia
    self-harm 3 : last|final message|words|note|letter ~ to|tell|coach|everyone|sorry|you
    self-harm 3 : my last words to you
    self-harm 3 : by the time ~ read this
    self-harm 3 : goodbye letter|letters|note|notes|forever
    self-harm 3 : done goodbye ~ everyone|everybody|all|world
    self-harm 3 : goodbye world|everyone|everybody
    self-harm 3 : wrote|written|writing|write ~ will|goodbye|goodbyes ~ and|note|letter
    self-harm 2 : said|saying|say my goodbyes
    self-harm 3! : wont|not be around|here|alive much|for|anymore|tomorrow|longer
    self-harm 3 : giving|gave away ~ stuff|things|belongings|everything|cat|dog ~~ need|wont|after
     |without
    self-harm 3 : leave|leaving this|the world|earth
    self-harm 3 : no more birthdays|tomorrows|christmas
    self-harm 3! : nobody|no|noone|wont|wouldnt|would|who one? would|will|notice|miss|care|d ~
     gone|died|dead|disappeared|die|vanished
    self-harm 3 : gone|disappear|disappeared|dead|died|die|vanished ~~ nobody|no|noone ~ notice
     |miss|care
    self-harm 3 : disappear|vanish|vanished forever|completely
    self-harm 3 : waste away
    self-harm 3 : pain|everything|it ~ stop|over|end forever|good|all
    self-harm 3 : want ~ to? be over ~ good|all|forever
    self-harm 2! : burden to|on everyone|everybody|family|you|people|them|all|my
    self-harm 3 : life|living isnt|not|aint|is ~ worth|pointless|meaningless|unbearable|worthless
     ~ living|die|over|end|anymore
    self-harm 3! : not|isnt worth living
    self-harm 3! : only|no way out ~~ death|die|dying|suicide|end
    self-harm 2! : no way out for me
    self-harm 2 : want|need out ~ life|forever|pills
    self-harm 3 : painless|easiest|quickest|fastest|least|painful ~ way|ways|painful ~ die|kill|go
     |death
    self-harm 3 : way|ways|method|methods|instructions to die|hang
    self-harm 3 : way|ways|method|methods ~ kill|hang|end myself|yourself|it
    self-harm 3 : thoughts|thinking|think ~ dying|death|being|hurting ~ dead|dying|day|death
     |myself
    self-harm 3 : think about dying|death
    self-harm 2 : death ~ relief|peaceful|comforting|mind|forward
    self-harm 2! : not scared|afraid ~ death|dying|die
    self-harm 3! : world|nobody|noone doesnt|dont|needs need? me around|here|anymore?
    self-harm 2! : world doesnt need me
    self-harm 3! : wont kill|hurt myself|me today|tonight|yet
    self-harm 3! : why not|shouldnt i? kill|end myself|it
    self-harm 3 : do something to himself|herself|themselves|myself
    self-harm 3 : voice|voices telling|tell|tells me to kill|finish|hurt|end|die|cut|jump
    self-harm 3 : top|topping himself|herself|myself
    """

  private static let selfHarmOfOthers: StaticString = """
    self-harm 3 : kill|kills|killing|killed|hurt|hurting|hurts|harm|harming|cut|cutting|cuts|hang
     |hanging|hanged|shoot|drown|starving|unalive himself|herself|themselves|themself
    self-harm 3 : <kin> ~ want|wants|wanted|going|ready|wishes|threatens|threatened to? die|dead
    self-harm 3 : <kin> ~ threatens|threatened|threatening ~ suicide|kill
    self-harm 3 : <kin> ~ suicidal
    self-harm 3! : <kin> ~ doesnt|dont want|wanna to? live|exist
    self-harm 3 : cuts|scars|cutting all? over|on her|his|their thighs|arms|legs|wrists|thigh
    self-harm 3 : bleeding|cut wrists|arms
    self-harm 3 : gun to his|her|my head
    self-harm 3 : end|ending|ended|take|taking|took his|her|their own? life
    self-harm 3 : pills ~ wont|not wake
    """
}
