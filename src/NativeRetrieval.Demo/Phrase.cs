namespace NativeRetrieval.Demo;

/// <summary>One way to say what sounds, e.g. <c>("bell", "rings", "ringing")</c>.</summary>
/// <param name="Subject">Singular, without an article.</param>
/// <param name="Verb">Third person; what is done to it or with it may follow, as in "is beaten".</param>
/// <param name="Gerund">For "the sound of a bell ringing"; empty where the subject says all.</param>
/// <param name="IsMass">Takes no article: rain, wind.</param>
internal sealed record Phrase(string Subject, string Verb, string Gerund, bool IsMass = false);
