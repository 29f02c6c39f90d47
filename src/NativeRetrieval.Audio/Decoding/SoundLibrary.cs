namespace NativeRetrieval.Audio.Decoding;

/// <summary>The native library libsndfile, which decodes every format but WAV, and its presence on this machine.</summary>
public static class SoundLibrary
{
    /// <summary>True if the library could be loaded.</summary>
    public static bool IsAvailable => Libsndfile.IsAvailable;

    /// <summary>The file names that are tried, in this order, where the system looks for libraries.</summary>
    public static IReadOnlyList<string> NamesTried => Libsndfile.FileNames;

    /// <summary>Instruction for installing the library, fit for an error message.</summary>
    public static string HowToInstall => Libsndfile.HowToInstall;
}
