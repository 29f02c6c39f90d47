namespace NativeRetrieval.Audio.Decoding;

/// <summary>The library libsndfile, which decodes FLAC, Opus and many others; whether it is installed here.</summary>
public static class SoundLibrary
{
    /// <summary>Whether the library could be loaded.</summary>
    public static bool IsAvailable => Libsndfile.IsAvailable;

    /// <summary>The file names that are tried, in this order, where the system looks for libraries.</summary>
    public static IReadOnlyList<string> NamesTried => Libsndfile.FileNames;

    /// <summary>What to do when it is missing.</summary>
    public static string HowToInstall => Libsndfile.HowToInstall;
}
