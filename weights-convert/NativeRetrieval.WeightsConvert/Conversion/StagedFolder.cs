using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// A folder that is filled beside its place and moved there when it is complete; if anything fails, nothing is left of it.
/// </summary>
sealed class StagedFolder : IDisposable
{
    readonly string _target;
    bool _done;

    /// <exception cref="FileWriteException">There is something at <paramref name="target"/> already, or the disk refuses.</exception>
    public StagedFolder(string target)
    {
        _target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        CheckFree(target);
        string parent = System.IO.Path.GetDirectoryName(_target) ?? throw new FileWriteException(target, "it is the root of a disk");
        Path = System.IO.Path.Combine(parent, $".{System.IO.Path.GetFileName(_target)}.{Environment.ProcessId}.unfinished");
        DurableFile.CreateFolder(parent);
        DurableFile.DeleteFolder(Path);
        DurableFile.CreateFolder(Path);
    }

    /// <summary>The folder to fill.</summary>
    public string Path { get; }

    public string this[string file] => System.IO.Path.Combine(Path, file);

    /// <summary>Checks that the folder can be made.</summary>
    /// <exception cref="FileWriteException">The path is taken by something else than an empty folder.</exception>
    public static void CheckFree(string target)
    {
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new FileWriteException(target, "there is something already; name a folder that is absent or empty");
    }

    public void Complete()
    {
        CheckFree(_target);
        DurableFile.DeleteFolder(_target);
        DurableFile.RenameFolder(Path, _target);
        _done = true;
    }

    public void Dispose()
    {
        if (_done) return;
        try
        {
            DurableFile.DeleteFolder(Path);
        }
        catch (FileWriteException)
        {
            // The user has to know the first failure, not that of the clean-up.
        }
    }
}
