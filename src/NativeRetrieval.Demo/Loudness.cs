namespace NativeRetrieval.Demo;

internal enum Loudness
{
    Quiet,

    /// <summary>Captions do not mention it.</summary>
    Medium,

    Loud,
}
