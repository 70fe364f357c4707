extension SafetyRules {
  /// Violence against others.
  static let violence: StaticString = """
    <attack> = kill killing killed murder murdering shoot shooting stab stabbing strangle
     strangling poison poisoning choke choking rape raping
    violence 3 : <attack> ~ <other>
    violence 3 : <attack> a? them|him|her both|all
    violence 3 : <attack> my|our|the|that|this whole|entire? <other>|family
    violence 3 : kill|shoot|murder|stab you
    violence 3 : will|going|want|wanna|ill|gotta to? hurt|harm you
    violence 3 : end him|her|them
    violence 3 : homicidal|massacre
    violence 3 : killing spree
    violence 3 : shoot|shooting|blow|blowing|bomb|burn|burning|shot up|down ~ school|office|place
     |house|club|church|work|bar|gym|mall|car|building|home
    violence 3 : burn|burning|torch|bomb|bombing ~ house|place|apartment|flat|car|school|office
     |church|building|home ~ down|while|with
    violence 3 : bomb|burn|torch|burning|torching the|her|his|their school|office|house|apartment
     |flat|place|car
    violence 3 : make|build|making|building a bomb
    violence 3 : <think> ~ hurt|hurting|kill|killing|harm|harming|murdering|stabbing|shooting
     |attacking|beat|beating|choking|strangling ~ <other>
    violence 3 : harm|harming|hurt|hurting my|the|our <other>
    violence 3 : hurt|harm somebody|someone|people|others
    violence 3 : hurt her|him|them without
    violence 3 : poison someone|somebody|him|her|them|my
    violence 3 : how much ~ poison ~ adult|person|man|woman|someone
    violence 3 : bring|bringing|brought|bought|buy|buying|get|grab|carry|carrying|load|loaded
     |loading|take ~ gun|rifle|weapon|machete|pistol|acid|bullets ~ school|work|office|date|club
     |face|today|wife|coworkers|him|her|them|party|thinking
    violence 2 : buy|get a gun today|now|tonight
    violence 3 : where|how ~ buy ~ gun ~~ cheating|ex|wife|husband
    violence 3 : gun|knife|rifle|bullet|acid ~ in|at|to|into him|her|them|face|head
    violence 3 : gun|rifle|knife ~ to school
    violence 3 : pulled|pull a knife|gun on
    violence 3 : i have a knife|gun|weapon
    violence 3 : with my|a ~ rifle|gun|bat|knife|fists|machete
    violence 3 : loading|loaded my rifle|gun|pistol
    violence 3 : make|making ~ <other> pay for|dearly
    violence 3 : make|making ~ <other> suffer|bleed
    violence 3 : make them all|both? pay|suffer|bleed
    violence 3 : shes|hes|she|he|they ~ going to pay
    violence 3 : will|going to|ll? pay|bleed|suffer|regret ~ when|for i? break|what|this
    violence 3 : break|breaking|broke|cut|slit his|her|their legs|arm|arms|neck|nose|jaw|throat
     |face|bones
    violence 3 : put a bullet
    violence 3 : <he>|they|all|women|men ~ deserves|deserve|needs|need|should to? be? die|hurt
     |bleed|suffer|shot|hit|beaten|killed|slapped
    violence 3 : she|he|they deserved it
    violence 3 : taught|teach ~ lesson ~ fists|knife|gun|belt
    violence 3 : want|wanna|hope|wish|wanted ~ <other>|he|she|they dead|dies|die|bleed|suffer
    violence 3 : hope she|he|they dies|die
    violence 3 : bitch|bastard|they|he|she|you will ~ die
    violence 3 : they ~ will all die
    violence 3 : dead man|woman ~~ bat|gun|knife|driving|coming
    violence 3 : will be|ll|hell|shell be? dead by
    violence 3 : people|those who|that ~ get|be|getting shot|killed|hurt
    violence 3 : there will be blood
    violence 3 : laughed at me for the last time
    violence 3 : beat|beating|smash|smashing|bash|bashing|punch|punching|kick|slap|break ~ <other>
     ~ up|face|head|neck|teeth|legs|skull|jaw|unconscious|senseless|walk|crap
    violence 3 : beat|smash|kick the crap|shit|hell out of
    violence 3 : <i> ~ hit|punch|punched|slap|slapped|beat|choke|choked|attack|attacked|shove
     |shoved|strangled|kicked|smacked|smack|pushed|grabbed ~ <other>|dog
    violence 3 : pushed|pushing|threw <other>|her|him|my ~ stairs|wall
    violence 3 : threw ~ at her|his|my head|wife|girlfriend
    violence 3 : hit|hitting|punch|slap|slapped|beat|beating|choke|choked|abuse|abusing|strangled
     |shoved my girlfriend|wife|boyfriend|husband|kids|kid|son|daughter|child|partner|ex|baby|mom
     |dog
    violence 3 : hands ~ around|on her|his throat|neck
    violence 3 : shoved|pushed|slammed her|him against
    violence 3 : physically|am|verbally|an abusing|abuse|abusive? my|husband|wife|girlfriend
     |boyfriend|her|him
    violence 2 : i ~ run|running|mow <other> over|down
    violence 3 : run|running|mow <other>|her|him over
    violence 3 : drive|driving|plow into the? crowd|people|them
    violence 2 : hunt|hunting|track <other> down
    violence 3 : violent urges|thoughts|fantasies|outbursts
    violence 2 : getting|become|becoming|turn|turning|get violent
    violence 3 : snap and hurt|kill|harm|hit
    violence 3 : afraid|scared|worried ~ i ~ hurt|kill|harm|hit ~ <other>|kids
    violence 2 : know|found|find|out where she|he|they lives|live|works ~ pay|hurt|kill|sorry
     |regret|gun
    violence 3 : kids|son|daughter|child ~ left a mark
    violence 3 : finish the job
    violence 3 : <kin> ~ says|said|told|plans|going|wants ~~ shoot|kill|stab|murder ~ <other>
     |school
    violence 2 : punched|punching|hitting holes|walls
    violence 3 : acid ~ face
    """

  /// Coercion and abuse that is suffered.
  static let coercion: StaticString = """
    <beats> = hit hits hitting beat beats beating punch punched punches punching slap slapped
     slaps choke choked chokes choking kick kicked kicks strangled strangles shoved pushed pushes
     attacked bit burned hurts raped assaulted molested drugged abuses abused abusing stabbed
     rapes
    coercion 3 : <he> ~ <beats> me|us
    coercion 3 : <he> ~ <beats> her|him|my|them
    coercion 3 : he|she|husband|wife|boyfriend|girlfriend ~ will|ll|would|hell|shell|going|he
     |might to? kill|hurt|beat|rape me|us|my|her
    coercion 3 : he|she|they will|would|could|d kill|hurt me|us|the|my
    coercion 3 : he|she|they|family|parents|dad say|says|said ~ will? kill|hurt|beat me|us
    coercion 3 : <i> ~ was|got|been|being|get|were raped|assaulted|molested|drugged|beaten
     |attacked|abused|roofied|groped|strangled|threatened|blackmailed|trafficked|stalked
    coercion 3 : was|got|been|being|is|gets ~ raped|molested|roofied|groped|assaulted|blackmailed
     |abused|beaten|trafficked
    coercion 3 : raped|rapist|molested|molesting|molest|roofied|groped|gropes|rape
    coercion 3 : sexual|sexually assault|assaulted|abuse|abused|harassed|harassing|harassment
    coercion 3 : forced|forces|forcing|force|coerced|coercing|pressured|pressures|pressuring
     |guilted|guilts|makes|made me|her|him|us ~ into|to|have|sleep|marry ~ sex|things|sleep|touch
     |nudes|pictures|photos|bed|marry|work|want|his
    coercion 3 : forced|forces|forcing|guilts me into? sex|to
    coercion 3 : forced|forcing himself|herself|me|us
    coercion 2 : pressures|pressured|pressuring|guilts me into
    coercion 3 : makes me have|sleep|touch|watch
    coercion 3 : makes me ~ sex
    coercion 3 : threaten|threatened|threatens|threatening ~ me|kill|hurt|leak|post|share|expose
     |us|her|with
    coercion 3 : said|says|told|tells|swore|threatened ~~ kill|hurt|beat|find me|us|her|my
    coercion 3 : blackmail|blackmails|blackmailing|blackmailed|extort|extorting|sextortion
    coercion 3 : leak|post|share|send|sends|expose|release|leaks ~ my|our|her ~ nudes|pictures
     |photos|pics|videos|video|chats|images ~ if|unless|family|friends|online|everyone
    coercion 3 : leak|leaks|leaking|expose my|our|her
    coercion 3 : post|posts|posting|sends|share my|her ~ nudes|naked
    coercion 3 : naked|nude videos|video|photos|pictures|pics of me
    coercion 3 : pictures|photos|videos|nudes ~ unless|blackmail
    coercion 3 : demands|wants money or|and ~~ pictures|photos|videos|nudes|family|friends|naked
    coercion 3 : lose ~ job unless
    coercion 3 : unless i stay|sleep|come|pay|send|have
    coercion 3! : wont|doesnt|didnt|never|not|refuses|wouldnt let|lets|allow|allows|allowed me|to
     ~ leave|see|out|have|friends|phone|go ~ house|alone|phone|friends|without|out
    coercion 3! : wont|doesnt|didnt|never|refuses|wouldnt let|lets|allow me leave|out
    coercion 3! : not|isnt|never allowed to ~ see|talk|leave|go|have|work ~ friends|phone|out
     |family|without
    coercion 2 : need permission to
    coercion 3 : locked|locks|traps|keeps|kept|held|holds|tied me|her locked|in|up|down|inside
     |prisoner|against|hostage
    coercion 2 : against my|her|his will
    coercion 2 : <he> ~ controls|monitors|checks|takes|took|reads ~ my|all ~ money|phone|location
     |messages|passport|papers|message|every
    coercion 2 : takes|took|checks my phone|passport|papers away|and|every
    coercion 3 : passport|papers ~~ work|clients|free
    coercion 3 : afraid|scared|terrified|fear|frightened of my? him|husband|boyfriend|wife
     |girlfriend|partner|dad|father|ex|stepdad|her
    coercion 3 : afraid|scared|terrified|frightened of what my|he|she ~ do|does|will
    coercion 3 : afraid|scared|terrified|frightened to ~ go|be|come|tell|leave|say ~ home|no|him
     |anybody|anyone|us
    coercion 3 : afraid|scared|terrified|frightened ~ he|she|they|husband|boyfriend|wife ~ hurt
     |kill|hit|find|come|hurting me|us|$
    coercion 3 : dont|not feel? safe at home|with
    coercion 3 : abusive ~ husband|wife|boyfriend|girlfriend|partner|relationship|marriage|ex
     |father|mother|parents|home|dad|mom|household|situation|towards|family
    coercion 3 : sexual|physical|sexually|physically ~ abuse|abused|violence
    coercion 2 : physically|emotionally|mentally|verbally abusive|abuse|abused|abuses|abusing
    coercion 2 : domestic violence|abuse situation|by|from|with|at|in
    coercion 2 : i|my|our|suffer|experienced|this ~ domestic violence|abuse
    coercion 2 : survivor|victim of ~ abuse|violence
    coercion 3 : stalks|stalking|stalked|stalker me|her|us|by
    coercion 3 : <he>|man|guy follows|following|follow|followed me|her ~ home|from|everywhere
    coercion 3 : keeps following me
    coercion 3 : put|hid|installed|found ~ tracker|airtag|gps|spyware ~ car|bag|phone|my
    coercion 3 : restraining order
    coercion 3 : shows|showing|showed|waits|waiting up? ~ outside|at my ~ house|work|door|home
     |apartment|every
    coercion 3 : broke|broken|breaks|breaking into my
    coercion 3! : said|saying|say|told no|him|her|them to? stop? but|and|he|she ~ stop|kept|anyway
     |still|didnt|wouldnt|continued|did
    coercion 3! : didnt|dont|doesnt|wouldnt|wont ~ stop when|though|although i
    coercion 3 : kept|keeps going though|although|even|when
    coercion 3! : didnt|doesnt|not want ~ did|do it anyway
    coercion 3! : did|does it anyway ~ didnt|said|asleep
    coercion 3! : asleep|drunk|passed ~ did|had|and ~ it|sex anyway|with
    coercion 3! : wont|doesnt|cant|not take|takes|accept no for
    coercion 3! : took|takes|removed the? condom off?
    coercion 3 : put|slipped|slip something in|into? my|her
    coercion 3 : something|pill|drug|drugs in my|her drink
    coercion 3 : woke up ~ in|and|on ~ his|he|top ~ bed|on|of|me
    coercion 3 : uncle|stepdad|teacher|dad|father|boss|brother|coach|coworker touches|touched
     |touching me|my
    coercion 3 : comes|came into my room at|every
    coercion 3 : bruises|bruised|bruise
    coercion 3 : black eye ~~ boyfriend|husband|he|again|did
    coercion 3 : broke|breaks my nose|arm|rib|ribs|jaw|wrist
    coercion 3 : hurt|kill my dog|cat|kids|family if
    coercion 3 : kill the kids|children
    coercion 2 : walking on eggshells
    coercion 3 : throws|threw|throwing things|plates|stuff at me
    coercion 3 : he|she|husband|wife|boyfriend|ex|dad ~ has|had|got|with a gun|knife
    coercion 3 : me with a gun|knife
    coercion 2 : he|she says|told|tells nobody|noone else? would|will
    coercion 3 : makes|make|made|forces|has me sleep|see with? ~ friends|clients|men
    coercion 3 : have to see clients
    <teen> = 12 13 14 15 twelve thirteen fourteen fifteen
    <grown> = 25 26 27 28 29 30 31 32 33 34 35 36 38 40 42 45 50 older
    coercion 3 : im|am|shes|hes|was <teen> ~~ meet|meeting|hotel|nudes|older|<grown>
    coercion 3 : <teen> year|years|yo ~~ <grown>|nudes|man|guy
    coercion 3 : he|hes|guy|man|a|an <grown> ~~ meet|nudes|pictures|asks|asked ~~ <teen>|grade
    coercion 3 : old|older man|guy ~~ nudes|pictures|photos|grade
    coercion 3 : asks|asked|wants me for nudes
    coercion 3 : im|am|shes|hes|was <teen> and ~~ boyfriend|man|guy ~~ <grown>
    coercion 2 : harass|harassing|harassed|harasses|harassment
    coercion 3 : <he> ~ pinned|restrained|cornered me|her
    coercion 3 : found|finds my? new? address
    """

  /// Coercion that is planned or done.
  static let coercing: StaticString = """
    coercion 3 : get|getting|got ~ her|him|girls|women|girl drunk ~~ sleep|sex|bed|home|hook
     |enough
    coercion 3 : make|force|trick|pressure|get|manipulate|convince|talk ~ her|him|girl|girls|women
     ~ sleep|sex|naked|nudes|submit|obey|into ~ with|me|when|sex|who|no
    coercion 3 : talk ~ girl|her|woman into sex
    coercion 3 : make|making her|him have sex
    coercion 3! : she|he said|says no ~~ push|pushing|keep|give|in|anyway|sex
    coercion 3 : keep pushing ~ give in
    coercion 3! : cant say|refuse no
    coercion 3! : sex when|while|although she|he says|say|was|is no|asleep|passed|drunk|sleeping
    coercion 3 : while|when she|he was|is passed|asleep|unconscious|drunk ~ out|did|had|sex
    coercion 3 : sex with her|him while|when
    coercion 3 : asleep and i did
    coercion 3 : slip in|into her|his
    coercion 3 : drug|drugs|pill that? makes|make ~ girl|her|woman|remember
    coercion 3! : girl|her|woman not remember
    coercion 3 : ill|will post|share|leak them
    coercion 3 : have|got her nudes|pictures|photos ~~ post|unless|leak|share|use
    coercion 3 : secretly filmed|film|record|recorded|recording
    coercion 3 : i ~ follow|followed|following her|him home|around
    coercion 3 : track|spy|tracking|spying ~ girlfriend|wife|her|boyfriend|husband|his ~ phone
     |without
    coercion 3 : without her|his knowing|consent|permission|knowledge
    coercion 3 : airtag|tracker in|on|under her|his
    coercion 3 : hide|hiding|wait|waiting outside her|his house|work|home|apartment|flat
    coercion 3! : wont|dont|didnt let my girlfriend|wife|boyfriend|husband|her go|leave|see|talk
    coercion 3 : kept touching her|him
    coercion 3 : touch|touching|touched ~ her|him ~ after|though she|he ~ stop|no
    coercion 3 : grabbed|kissed|grabbing|kissing her|him ~~ though|although|tried|pushed ~ get
     |away|no
    coercion 3 : manipulate her|him|girls|women
    coercion 3 : cuts|cut off all her friends
    coercion 3 : shes|is|girl <teen> ~ i|and ~ meet|sex|date|like|kiss
    """
}
