extension SafetyRules {
  /// Words like a crisis, and a cause like none: weakened to a mention, not taken away, as nobody
  /// knows how the laughter is meant. A laugh alone weakens nothing.
  static let jests: StaticString = """
    about < bout abt
    thinking < thinkin
    <laugh> = lol lmao lmfao haha hahaha hahahaha rofl xd
    <trifle> = app apps swiping tinder hinge bumble exam exams finals homework class traffic
     meeting meetings pickup hangover hungover drunk embarrassing embarrassed cringe monday
     mondays commute deadline essay thesis gym workout spreadsheet printer wifi ikea
    <grave> = die dying died dead kill killing kms suicide suicidal jump shoot
    jest : <trifle> ~~ <grave> ~~ <laugh>
    jest : <grave> ~~ <trifle> ~~ <laugh>
    jest : <laugh> ~~ <trifle> ~~ <grave>
    jest : <trifle> ~~ <laugh> ~~ <grave>
    jest : <grave> ~~ <laugh> ~~ <trifle>
    jest : <laugh> ~~ <grave> ~~ <trifle>
    jest : <trifle> is|was suicide
    jest : let|lets me leave my|the bike|bag|car|coat|stuff|things|jacket|suitcase|luggage|dog
    jest : hangover|hungover ~~ die|dying|dead
    jest : die|dying|dead|died ~~ hangover|hungover
    jest : drunk i wanted to die
    jest : jump|jumped|jumping|jumps|dive|dived|leap|leapt off|from|in|into ~ bridge|cliff|cliffs
     |roof|balcony|building ~~ lake|sea|ocean|pool|bungee|fun|amazing|awesome|best|camp|holiday
     |vacation|parachute|snorkel
    jest : bungee|bridge|cliff|base jump|jumping|diving ~~ bungee|trip|weekend|saturday|sunday
     |tour|fun|best|instructor|lake|sea|holiday|vacation
    jest : wouldnt|didnt|wont|doesnt let|lets me go|leave|out without a|another|one|saying|last ~
     kiss|hug|selfie|goodbye|coffee|dessert|snack|dance|photo
    jest : wouldnt|didnt|wont|doesnt let|lets me go|leave|out without giving|handing me
    jest : wait|waiting outside ~ house|work|home|office|place|door|flat ~~ surprise|cake|flowers
     |birthday|gift|present|balloons
    idiom : career|social|political|fashion|financial|professional|academic|tactical|commercial
     |culinary suicide
    idiom : suicide for|to my|your|his|her|the|our|any self? confidence|esteem|ego|career|wallet
     |image|reputation|business|brand|hair|skin|sleep|diet
    idiom : disappear|disappeared|vanish|vanished from|in ~ chat|group|app|party|call|meeting
     |tinder|hinge|bumble|crowd|server|discord|thread
    idiom : rope|ropes bridge|course|courses|jumping|ladder|swing|climbing|walk
    idiom : climbing|skipping|jump|tug|velvet rope
    idiom : nerf|water|glue|heat|top|massage|hot gun|guns
    idiom : gun control|show|n|and roses
    idiom : blade runner|runners
    idiom : tracks on|album|from spotify|playlist|album|record|songs|music|her|his|their
    idiom : stretch|acne|tan|birth marks|scars|lines|mark
    idiom : stood|stand|standing|sat|sitting on ~ bridge|roof|rooftop|cliff|balcony|tracks ~~
     sunset|sunrise|kiss|kissed|kissing|proposed|romantic|together|photo|photos|view|fireworks
     |stars|beer|beers|drinks|wine|picnic|dancing|concert|held
    idiom : pay|pays|paying for? dinner|drinks|lunch|coffee|brunch|breakfast|half|everything|it
    idiom : pay|pays|paying for? the|her|his|my|our bill|dinner|drinks|tickets|cab|taxi|uber|rent
     |meal|food|movie|lunch|coffee|ticket|half|date
    idiom : reason|reasons|point ~ wake|waking|get|getting up early|earlier|for|so|before|at|on
    idiom : reason|reasons|point ~ go|going on with|a|another|dates|that|this|holiday|vacation
     |about
    """

  /// Self-harm that is prepared or only hinted at. Level 1: what has a harmless reading as near.
  static let selfHarmHinted: StaticString = """
    <pills> = pills tablets meds tylenol paracetamol ibuprofen xanax insulin benzos painkillers
     antidepressants opioids oxy
    <means> = rope noose gun pistol revolver shotgun rifle blade blades razor razors scalpel
    <drop> = bridge overpass viaduct roof rooftop ledge tracks rails cliff parapet balcony
    <brood> = thinking think looking staring picturing imagining dreaming
    <none> = no not dont doesnt cant isnt any never nothing whats what wheres hardly didnt aint
     zero without dnt lost
    <soon> = tomorrow tonight christmas birthday next morning summer spring weekend monday friday
     sunday year week month then easter
    self-harm 3 : stash|stashed|stashing|stockpile|stockpiled|stockpiling|hoard|hoarded|hoarding ~
     <pills>
    self-harm 3 : save|saved|saving|collect|collected|collecting|gathered up? enough|my|all|her
     |his|sleeping|those|these|the sleeping|pain|old? <pills>
    self-harm 3 : enough|all ~ <pills> ~~ wait|waiting|tonight|finally|ready|brave|moment|evening
     |right|courage|over|end
    self-harm 3 : enough <pills> to do|end|go|sleep|stop|finish|never|not|make
    self-harm 3 : count|counted|counting|counts ~ <pills> ~~ again|tonight|last|enough|should|over
    self-harm 2 : stare|stared|staring|looking at ~ <pills>
    self-harm 2 : <pills> ~ lined|laid|poured|spread up|out ~ front|table|bed|floor|counter|me
    self-harm 1 : bought|got|have|saved ~ enough <pills>
    self-harm 3 : <means> ~~ keep|keeps|kept|cant|always|constantly stop? <brood>|going|calling
    self-harm 3 : keep|keeps|kept|cant|always|constantly|been stop? <brood> at|about|of my|the
     |that|his|dads|a <means>
    self-harm 3 : gun|pistol|revolver|shotgun|rifle ~~ know|found|have|got ~ code|combination|key
     |safe
    self-harm 1 : dads|his|husbands|fathers|grandpas|my gun|pistol|shotgun ~ closet|drawer
     |nightstand|loaded
    self-harm 2 : i|im|ive|was|been stood|standing|stand|sat|sitting on|at|by ~ <drop> for|alone
     |last|again|today|tonight|yesterday|looking|thinking|crying|wondering|until|at|and|hours|$
    self-harm 2 : <drop>|train|trains ~~ keep|kept|keeps|cant|always ~ thinking|staring|looking
     |imagining|stop ~ jumping|jump|over|off|it|edge
    self-harm 2 : keep|keeps|kept|been|cant ~ looking|staring|going|walking at|to|by|down|along
     |past the|that|those ~ <drop>
    self-harm 2 : keep|keeps|kept|cant stop? thinking about|of the tracks|overpass|viaduct|ledge
     |rails
    self-harm 2 : keep|keeps|kept|cant|always stop? thinking about|of ~ bridge|roof|cliff|rooftop
     ~ how|easy|jump|jumping|edge|again|near|over
    self-harm 1 : keep|keeps|kept|cant stop? thinking about|of the|that bridge|roof|cliff
    self-harm 2 : on|at|over the edge of|off ~ roof|bridge|platform|ledge|balcony|overpass|tracks
    self-harm 3 : <drop>|train|trains ~~ every|each day|time|morning|night ~ harder|tempted|closer
     |tempting
    self-harm 3 : climb|climbed|climbing over|onto|past ~ railing|parapet|ledge|barrier
    self-harm 3 : garage ~~ engine|motor|exhaust ~ running|on|in
    self-harm 3 : engine|motor|car running ~ garage
    self-harm 3 : hose|pipe ~ exhaust
    self-harm 3 : tie|tied|tying ~ knot ~ rope|belt|cord|sheet|scarf|cable
    self-harm 2 : noose
    self-harm 2 : picked|chosen|chose|set the|a|my date|day ~ calm|peace|peaceful|relieved
    self-harm 3 : affairs ~ order
    self-harm 3 : my|the|all letters|goodbyes ~ written|sealed
    self-harm 3 : letters|notes|letter|note|goodbyes ~ written|ready|sealed|finished ~~ dog|cat
     |pets|car|flat|keys ~ home|sister|mom|mum|away|gone|new|friend
    self-harm 3 : write|writing|wrote|written|left|leaving ~ letter|letters|note|notes ~ to|for ~
     kids|parents|mom|mum|dad|everyone|family|each|children|son|daughter|wife|husband ~~ after
     |gone|find|explaining
    self-harm 2! : give|gave|giving|given|gives ~ dog|cat|pets|hamster|rabbit|guitar|bike|car
     |savings|records|watch|jewelry|ps5|console|laptop|camera ~~ dont|doesnt|didnt|wont know|need
     |be|worry why|it|them|him|here|around|anymore
    self-harm 3 : give|gave|giving|given|gives ~ dog|cat|pets|hamster|rabbit|guitar|bike|car
     |savings|records|watch|jewelry|ps5|console|laptop|camera ~~ goodbye
    self-harm 2 : gives|gave|giving|given away ~ guitar|ps5|console|laptop|bike|records|savings
     |clothes|watch|jewelry|camera|collection ~~ worry|goodbye|wont
    self-harm 2 : give|gave|giving|given away everything|all|my ~ own|possessions|belongings
     |everything
    self-harm 2 : give|gave|giving|given ~ stuff|things|belongings|possessions|everything away
    self-harm 1 : give|gave|giving|given my|the dog|cat|pets|hamster|rabbit to|away
    self-harm 1 : dog|cat|pets ~ a? new|good home
    self-harm 2 : this is goodbye i|then guess|suppose|think|so|$
    self-harm 2 : this is goodbye everyone|everybody|all|forever|world
    self-harm 1 : this is goodbye $
    self-harm 2 : tell my mom|mum|mother|dad|kids|family|parents|daughter|son|sister|brother i
     |that i? loved
    self-harm 1 : tell my mom|mum|mother|dad|kids|family|parents|daughter|son im|i am? ~ sorry
    self-harm 3 : goodbye ~~ phone ~ off|answer|answering|dead|voicemail
    self-harm 2 : goodbye ~~ answering|answer|respond|responding|reach|disappeared|find
    self-harm 1 : sounded|sounds|felt|feels like a? goodbye
    self-harm 3! : <none> ~ reason|reasons|point|purpose ~ wake|waking up tomorrow|anymore|again
     |any|in|and|every|each|if|when|here|$
    self-harm 2! : <none> ~ reason|reasons|point ~ get|getting out of bed
    self-harm 2! : <none> ~ reason|reasons|point|purpose ~ get|getting up tomorrow|anymore|again
     |ever
    self-harm 2! : <none> ~ reason|reasons|point|purpose ~ be|being|stay|staying|stick|sticking
     |hang|hanging here|around|alive anymore|tomorrow|next|on
    self-harm 1! : <none> ~ reason|reasons|point ~ be|being|stay|staying here|around
    self-harm 3! : <none> ~ reason|reasons|point|purpose ~ go|going|carry|carrying on anymore|like
     |without|when|if|tomorrow|$
    self-harm 2! : <none> ~ point|purpose|sense of|in it|anything|everything all|anymore
    self-harm 2! : cant|dont|not|never see|imagine|picture myself|me making|alive|living|reaching
     |turning|here ~ next|to|past|30|christmas|through|year
    self-harm 2! : dont|not|wont|never|havent ~ plan|planning|planned|plans|intend|expect ~ be
     |being|make|making|stick|sticking around|alive|it ~ for|next|until|when|much|christmas
     |birthday|long|past|to|$
    self-harm 2 : plan|plans|planning|hoping|intend ~ be gone|dead before|by ~ <soon>
    self-harm 1 : be gone before|by ~ <soon>
    self-harm 2! : said|says|they|you|told|mom|parents|family wont|not|dont ~ have|need to worry
     |deal|bother about|with me|him|her|us|them anymore|much|soon|longer|again|$
    self-harm 2! : we|they|you wont|not|dont ~ have|need to worry|deal|bother about|with me|him
     |her anymore|much|soon|longer|again|$
    self-harm 2! : after|soon|tonight|tomorrow|then|once ~~ nothing|wont|not|cant ~ hurt|hurts
     |matter|matters anymore|longer|again|me
    self-harm 2 : only thing|things|person|one|reason ~ stopping|keeping|holding me is|are ~ dog
     |cat|kids|mom|mum|daughter|son|children|parents|family|sister|brother|pet|pets|baby|puppy|kid
    self-harm 3 : only thing|things|person|one|reason ~ keeping me here|alive
    self-harm 3 : only reason|thing|reasons im|i|ive ~ still here|alive
    self-harm 1 : only thing|things ~ stopping|keeping|holding me is|are|going
    self-harm 3 : hope|hoping|pray|praying|wish|wishing ~ surgery|operation|anesthesia|procedure ~
     wrong|fails|kills|badly
    self-harm 3 : hope|hoping|pray|praying|wish|wishing ~ plane|flight|car|bus|train crashes
     |crashed|crash
    self-harm 2 : want|need|wish|wanted everything|all to stop|end|disappear now|forever|hurting|$
    self-harm 2 : want|need|wish|wanted|make it all to? stop|end|disappear now|forever|and|$
    self-harm 2 : want|wanna|wish|could ~ fade|waste|wither away
    self-harm 1! : havent|not|didnt eaten|eat in|for ~ days|week|weeks
    self-harm 3 : new|fresh|more|deep marks|cuts|scars|lines ~ on|my ~ thighs|thigh|arms|arm
     |wrists|wrist|legs|stomach|skin|hips
    self-harm 2 : marks|cuts|scars on my thighs|thigh|wrists|wrist|forearms
    self-harm 3 : razor|razors|blade|blades ~~ clean|relapse|relapsed
    self-harm 3 : relapse|relapsed|relapsing ~ razor|blade|blades|harm
    self-harm 3 : painless|peaceful ways|way|exit|method|methods out|to|of|$
    self-harm 3! : google|googled|googling|searched|searching|researching|researched ~~ painless
     |lethal|overdose|drown|drowning|noose|suffocate|suffocation|hanging
    self-harm 2 : lethal dose|amount
    self-harm 2! : nothing|nobody|noone left for me here|in|anymore|$
    """

  /// Assault and coercion in the words of those who do not call it that.
  static let coercionHinted: StaticString = """
    <they> = he she they him her hes shes hed shed guy man husband wife boyfriend girlfriend ex
     partner someone somebody
    <press> = kept keeps keep continued continues continuing carried carries carrying went
    <stop> = stop no wait off enough dont
    coercion 3! : <press> going|on|touching|pushing|kissing|doing|grabbing|undressing|rubbing
     |thrusting ~ after|when|though|although|while|even|despite ~ i|me ~ said|told|asked|begged
     |saying|telling|say|begging|screamed ~ <stop>
    coercion 2! : <press> ~ after|when|though|although|while|even|despite ~ i|me ~ said|told|asked
     |begged|saying|telling|begging|screamed ~ stop|no
    coercion 3! : <press> going|touching|pushing|kissing|doing|undressing|rubbing ~ after|when
     |though|although|while|even|until ~ i|was|me ~ crying|cried|froze|frozen|asleep|begged
     |begging|screamed|screaming|scared
    coercion 3! : told|tell|asked|begged|begging|telling|screamed|said <they>|at|for? ~ to|please
     stop and|but|yet|<they> <they>? ~ carried|kept|continued|didnt|wouldnt|did|went|held|laughed
     |ignored on|going|stop|anyway|it|me|harder|touching|pushing|what|$
    coercion 3! : didnt|doesnt|wouldnt|wont stop|quit|move after|even|until|while ~ i ~ said|told
     |asked|begged|cried|crying|took|gave|kissed|let|sent|slept|agreed|undressed|screamed
    coercion 3! : i froze|freeze|freezing ~~ <they> ~ did|kept|continued|carried|touched|finished
     |wanted|went|pushed
    coercion 3! : i ~ crying|cried|begged|begging|screamed|screaming|froze|frozen and|but|yet
     |while <they> ~ kept|carried|continued going|on|touching|pushing|doing|kissing
    coercion 2! : didnt|dont want ~ to|it and|but|yet <they> ~ didnt|doesnt|wouldnt|kept|still
     care|listen|stop|going|did|made|went
    coercion 3! : did|does|do what he|she wanted|wants ~~ froze|crying|cried|asleep|no|stop|drunk
    coercion 3! : stood|stands|standing|blocked|blocks|blocking|locked ~ door|exit|doorway|car|way
     ~~ couldnt|wouldnt|cant|wont|until|never|not ~ leave|move|out|go|let|escape|took|gave
    coercion 3! : take|took|takes|hid|hides|grabbed|keeps|kept|threw my|the|our car? keys|key
     |phone|shoes|clothes|wallet|passport|bag|card ~ couldnt|cant|wouldnt|wont|not ~ leave|go|call
     |move|get|run
    coercion 3! : hold|held|holds|holding|pinned|grabbed|squeezed|tied ~ wrist|wrists|arm|arms
     |hands|neck|throat|hair|down ~~ couldnt|cant|not|unable ~ move|leave|breathe|scream|escape
    coercion 3 : his|her|their|a hand|hands|pillow over|on|across my mouth|nose|throat
    coercion 3! : never|didnt|not|dont said|say|says|gave|give yes|consent|permission ~~ did|does
     |kept|had|he|she|anyway|went
    coercion 3! : never|didnt|not consent|consented
    coercion 3! : sex|touched|touches|touch|did|does|kissed|filmed|recorded|photographed|inside|me
     ~~ without my|her|his consent
    coercion 1! : without my consent
    coercion 3 : woke|wake|waking up ~ clothes|pants|underwear|bra|trousers|dress|jeans|skirt
     |shirt ~ off|gone|missing|torn|down|undone
    coercion 3 : woke|wake|waking up ~ naked|undressed ~~ remember|stranger|know|dont|unsure|not
     |idea
    coercion 2! : dont|cant|not|didnt remember ~ anything|nothing|much|rest|thing after ~ drink
     |drinks|glass|beer|cocktail|shot|shots
    coercion 3 : uncle|stepdad|stepfather|dad|father|stepbrother|grandpa|grandfather|teacher|coach
     |priest|babysitter|cousin|brother ~~ our ~ secret
    coercion 2 : uncle|stepdad|stepfather|stepbrother|grandpa|grandfather|teacher|coach|priest
     |babysitter|cousin|neighbor ~~ come|came|comes|coming|climbed|climb|snuck|sneaks|sneak ~ to
     |into|in ~ bed|room|bedroom|tent
    coercion 2! : has|holds|keeps|hides|hid|took|takes my|her|our passport|passports|papers
     |documents ~~ no|cant|wont|not|never ~ money|leave|go|work|give|back
    coercion 1 : holds|keeps|hides|hid|took|takes my|our passport|passports|papers|documents
    coercion 2 : no|any money of my|her own
    coercion 2 : makeup|concealer|sunglasses|scarf ~ hide|hides|hid|hiding|cover|covers|covering
     |covered ~ eye|marks|lip|neck|jaw
    coercion 3 : knows where ~ parents|family|mom|mum|sister|kids|i|we ~ live|lives|work|works
     |sleep ~~ sorry|regret|hurt|pay|scared|afraid|threat
    coercion 2 : says|said|told|tells|warned|swears|swore ~ ill|id|i|we ~ be sorry if|when|unless
     ~ go|leave|left|tell|break|talk|move|report|dont
    coercion 2 : says|said|told|tells|warned ~ ill|id|i ~ regret it|that|this if|when ~ go|leave
     |left|tell|break|report
    coercion 3 : right|rights|entitled|duty to it|sex|me|my ~ whenever|body|crying|even|anytime
     |when
    coercion 3 : owe|owed|owes him|her|me|them sex|nudes|it|that after|because|for|$
    coercion 2 : wifely|marital|wifes duty|duties
    coercion 3 : whenever|anytime he|she wants|likes|feels ~~ crying|cry|no|asleep|hurts|scared
     |sick
    coercion 3 : if i|you loved|love|cared about|for? him|her|me ~ would|id|youd|should|have|had ~
     it|sex|nudes|that|let|this|sleep ~~ hurts|hurt|sex|nudes|crying|want|scared|no|pictures
    coercion 2 : if i|you loved|love him|her|me ~ would|id|youd|should|have ~ do|let|have|send
     |sleep it|him|her|sex|nudes|with
    coercion 3! : <they> ~ send|sends|show|shows|post|share|publish|upload|leak the|my|our|those
     |some|screenshots|these ~ pictures|photos|pics|nudes|video|videos|chats|screenshots ~ to|on ~
     boss|parents|family|mom|mum|dad|wife|husband|work|school|friends|everyone|class ~ if|unless
     |when
    """

  /// Threats that name no deed.
  static let violenceHinted: StaticString = """
    <them> = she he they you shes hes hell theyre theyll youre him her them all everyone everybody
     ex bitch bastard guy girl
    violence 3 : make|making|made sure ~ <them> ~ regret|regrets|suffer|suffers|pay|pays|sorry
     |hurts ~ forever|ever|rest|life|born|day|dearly|everything
    violence 2 : make|making|made sure ~ <them> ~ regret|regrets|suffer|suffers|pays|sorry
    violence 2 : make|making <them> regret|sorry ~ forever|born|rest|day|life|ever
    violence 1 : make|making <them> regret|sorry|pay
    violence 3 : <them> ~ will|going|gonna|ll|shall to? suffer
    violence 2 : <them> ~ will|going|gonna|ll|shall to? regret|rue the|that day
    violence 2 : <them> ~ will|going|gonna|ll|shall to? pay dearly|forever|in
    violence 2 : <them> ~ will|going|gonna|ll|shall to? pay for ~ leaving|dumping|cheating|doing
     |hurting|did|humiliating|lying|ghosting|everything
    violence 2 : they|all|everyone|everybody ~ will|going|gonna|ll|shall to? be sorry
    violence 2 : <them> ~ will|going|gonna|ll|shall to? be sorry ~ ever|crossed|messed|touched
     |left|hurt|born
    violence 1 : <them> ~ will|going|gonna|ll|shall to? pay|regret it|this|$
    violence 3! : cant|cannot|dont|wont have|get her|him|you|them then? nobody|noone|no|none
     |neither one? else? will|can|does|should|gets|is|ever|$
    violence 3! : nobody|noone|no one? else? will|can|gets|should|is|going ~ have|get|touch|her
     |him her|him|you? if i cant
    violence 3! : <them> ~ not|wont|never ~ live to|long enjoy|tell|enough|spend
    violence 3 : hes|shes|he|she|hell|theyll|theyre|him|her|them|you|youre ~ leaving|leave|leaves
     |ending|end|ends|going|go|put|putting ~ in|to|into ~ ambulance|coffin|morgue|stretcher
     |wheelchair|grave
    violence 3 : put|putting|send|sending him|her|them|you|my|that ~ in|to|into ~ hospital
     |ambulance|coffin|grave|wheelchair|morgue
    violence 3 : ruin|ruining|disfigure|smash|slash|rearrange|wreck|destroy her|his|their|your
     pretty? face|looks
    violence 2 : ill|will|going|want|wanna|ima ~ ruin|destroy|wreck her|his|their|your life|career
     |reputation
    violence 3 : picture|picturing|imagine|imagining|seeing|visualize|visualizing|dream|dreaming ~
     knife|blade|blood|gun|strangling|stabbing ~ in|into|going|her|his|him|around|everywhere|them
    violence 3! : hands|hand|arm ~~ she|he|her|him ~ couldnt|cant|not|stopped breathe|breathing
    violence 3! : until|till|til she|he|they couldnt|stopped|cant|stops breathe|breathing|moving
    violence 2 : see|saw|seeing|sees red ~~ hands|hit|remember|breathe|blood|hurt|control
    """
}
