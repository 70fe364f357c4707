/// The rules that hold unless an operator gives others: the keyword lists with which the platform
/// sorted its messages before, matched as whole words, and weak where they are ambiguous.
public enum BuiltInRules {
  /// In the form of `RuleFile`.
  public static let text = """
    # name             label             effect  place     : phrases
    #
    # A keyword alone says little ("I passed the test" asks for no test), so most add a little to
    # what the weights say. What a message is as a whole says much.

    hello              greeting          +1.5    whole     : hi | hello | hey | howdy | greetings
      | good morning | good afternoon | good evening | what's up
    hello-first        greeting          +0.3    start     : hi | hello | hey | good morning
      | good afternoon | good evening | howdy
    chat               small_talk        +0.5    anywhere  : nice weather | busy day | what's new
      | anything interesting
    yes-no             confirmation      +2      whole     : yes | no | ok | okay | sure | thanks
      | got it | understood | y | n | yep | nope | yeah | nah | maybe
    agreed             confirmation      +1      whole     : sounds good | makes sense | i see
      | alright | fine
    bye                small_talk        +1      whole     : bye | later | good night | see you

    dating             coaching_request  +0.7    anywhere  : dating advice | how to ask
      | conversation starter | first date | what to say | nervous about | dating tips
      | online dating
    dating-words       coaching_request  +0.3    anywhere  : dating | attraction | rejection
      | flirt | flirting | romance
    challenges         coaching_request  +0.3    anywhere  : challenge | homework | struggle
      | struggling | my goal
    feelings           coaching_request  +0.4    anywhere  : anxious | nervous | scared | worried
      | stressed | depressed | lonely | frustrated
    help               coaching_request  +0.7    anywhere  : need help | need advice | hard time
      | help me with
    therapy            coaching_request  +0.3    anywhere  : trauma | therapy | counseling
      | counselling

    measure            assessment        +0.5    anywhere  : assessment | evaluate me | analyze me
      | analyse me | test me | rate me | quiz me | score me
    archetype          assessment        +0.5    anywhere  : confidence level | my archetype
      | which archetype | my strengths | my weaknesses
    other-tests        assessment        -1.5    anywhere  : driving test | blood test
      | covid test | pregnancy test | credit score | lab results
    """
}
