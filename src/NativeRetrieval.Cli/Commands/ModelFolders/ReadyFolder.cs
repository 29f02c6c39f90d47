using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary>
/// The folder that was made of a fetched model. <c>FOLDER.made-of</c> beside it has the checksums of the files that it was made of and is
/// written last, so that an interrupted run never passes a folder of former files for one of these.
/// </summary>
/// <param name="source">Folder of the fetched files, with their <c>SHA256SUMS</c>.</param>
sealed class ReadyFolder(string path, string source)
{
    readonly string _new = path + ".new", _old = path + ".old", _receipt = path + ".made-of";

    /// <summary>True if the folder is intact and was made of the files that are there.</summary>
    public bool IsCurrent(CancellationToken cancellation)
    {
        if (!File.Exists(_receipt) || !File.Exists(Path.Combine(path, ChecksumList.FileName))) return false;
        return Receipt(_receipt) == Receipt(Path.Combine(source, ChecksumList.FileName))
            && ChecksumList.Verify(path, cancellation).Count == 0;
    }

    /// <summary>Makes the folder, and removes the former one when the new one is whole.</summary>
    /// <param name="make">Makes the folder at the path that it is given.</param>
    /// <exception cref="FileWriteException">The disk refused, or another process makes the folder.</exception>
    public void Replace(Action<string> make)
    {
        using var held = FolderLock.Acquire(path + ".lock", "model folder");
        DurableFile.DeleteFolder(_new);
        DurableFile.DeleteFolder(_old);
        DurableFile.DeleteLeftoversOf(_receipt);
        make(_new);
        if (Directory.Exists(path)) DurableFile.RenameFolder(path, _old);
        DurableFile.RenameFolder(_new, path);
        DurableFile.DeleteFolder(_old);
        DurableFile.WriteAllText(_receipt, Receipt(Path.Combine(source, ChecksumList.FileName)));
    }

    static string Receipt(string path) => SmallFile.ReadText(path, SmallFile.LargestTextBytes);
}
