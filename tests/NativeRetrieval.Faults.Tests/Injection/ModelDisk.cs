using System.Security.Cryptography;
using System.Text;

namespace NativeRetrieval.Faults.Tests.Injection;

/// <summary>Part of the latest changes that an end of the process or of the power leaves on the disk.</summary>
enum Survivors
{
    /// <summary>All: the process was killed.</summary>
    Everything,

    /// <summary>Only content and names that were synced.</summary>
    Synced,

    /// <summary>All names, but of the content only the synced one: files that were renamed before they were synced are empty.</summary>
    Names,

    /// <summary>All content, but of the names only the synced ones: renamed files have their old names.</summary>
    Contents,
}

/// <summary>
/// A folder in memory to which a log's operations are applied. It keeps beside each file's content and each folder's names those that were
/// synced last. A rename from folder to folder is synced as one, as on a file system with a journal; nothing else is synced by accident.
/// </summary>
sealed class ModelDisk
{
    readonly string _root;
    readonly Folder _top;
    readonly List<(Folder From, string FromName, Folder To, string ToName, Node Node)> _moves = [];

    /// <summary>A folder as it is on the real disk, all of it synced.</summary>
    /// <param name="place">The path that it has in operations.</param>
    public ModelDisk(string folder, string place) => (_root, _top) = (place, Read(folder));

    public void Apply(Operation operation, bool half = false)
    {
        var (parent, name) = Find(operation.Path);
        switch (operation.Type)
        {
            case 'C':
                parent!.Names[name] = new Content();
                break;
            case 'M':
                parent!.Names[name] = new Folder();
                break;
            case 'T':
                Array.Resize(ref ((Content)parent!.Names[name]).Bytes, checked((int)operation.Offset));
                break;
            case 'W':
                var file = (Content)parent!.Names[name];
                int length = half ? operation.Data.Length / 2 : operation.Data.Length;
                if (file.Bytes.Length < operation.Offset + length) Array.Resize(ref file.Bytes, (int)operation.Offset + length);
                operation.Data.AsSpan(0, length).CopyTo(file.Bytes.AsSpan((int)operation.Offset));
                break;
            case 'F':
                Sync(parent is null ? _top : parent.Names[name]);
                break;
            case 'U':
                parent!.Names.Remove(name);
                break;
            case 'R':
                var (to, toName) = Find(operation.Other);
                var moved = parent!.Names[name];
                parent.Names.Remove(name);
                to!.Names[toName] = moved;
                if (to != parent) _moves.Add((parent, name, to, toName, moved));
                break;
            case 'L':
                var (second, secondName) = Find(operation.Other);
                second!.Names[secondName] = parent!.Names[name];
                break;
            default:
                throw new InvalidOperationException($"no operation of a log: {operation}");
        }
    }

    /// <summary>Makes the folder on the real disk what would be left now.</summary>
    public void Write(string folder, Survivors survivors)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach (var (path, node) in Paths(_top, "", survivors))
            if (node is Content file) File.WriteAllBytes(Path.Combine(folder, path), Bytes(file, survivors));
            else Directory.CreateDirectory(Path.Combine(folder, path));
    }

    /// <summary>A hash of what would be left now.</summary>
    public string Digest(Survivors survivors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, node) in Paths(_top, "", survivors))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{path}\0{(node is Content file ? Bytes(file, survivors).Length : -1)}\0"));
            if (node is Content content) hash.AppendData(Bytes(content, survivors));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Paths at which the model and a real folder differ: operations of which nothing was seen.</summary>
    public IEnumerable<string> Differences(string folder)
    {
        var real = new ModelDisk(folder, _root);
        var there = Paths(real._top, "", Survivors.Everything).ToDictionary();
        var here = Paths(_top, "", Survivors.Everything).ToDictionary();
        return here.Keys.Union(there.Keys).Where(path => !Same(here.GetValueOrDefault(path), there.GetValueOrDefault(path)));

        static bool Same(Node? one, Node? other) => one is Content a && other is Content b ? a.Bytes.AsSpan().SequenceEqual(b.Bytes)
            : one is Folder && other is Folder;
    }

    void Sync(Node node)
    {
        if (node is Content file)
        {
            file.Synced = (byte[])file.Bytes.Clone();
            return;
        }
        var folder = (Folder)node;
        folder.Synced = new(folder.Names);
        foreach (var move in _moves.Where(move => move.From == folder || move.To == folder))
        {
            if (move.From.Synced.GetValueOrDefault(move.FromName) == move.Node) move.From.Synced.Remove(move.FromName);
            if (move.To.Names.GetValueOrDefault(move.ToName) == move.Node) move.To.Synced[move.ToName] = move.Node;
        }
        _moves.RemoveAll(move => move.From == folder || move.To == folder);
    }

    static byte[] Bytes(Content file, Survivors survivors) =>
        survivors is Survivors.Everything or Survivors.Contents ? file.Bytes : file.Synced;

    static IEnumerable<(string Path, Node Node)> Paths(Folder folder, string before, Survivors survivors)
    {
        foreach (var (name, node) in survivors is Survivors.Everything or Survivors.Names ? folder.Names : folder.Synced)
        {
            yield return (before + name, node);
            if (node is not Folder inner) continue;
            foreach (var below in Paths(inner, $"{before}{name}/", survivors)) yield return below;
        }
    }

    (Folder? Parent, string Name) Find(string path)
    {
        if (path == _root) return (null, "");
        string[] names = path[(_root.Length + 1)..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var folder = _top;
        foreach (string name in names[..^1]) folder = (Folder)folder.Names[name];
        return (folder, names[^1]);
    }

    static Folder Read(string path)
    {
        var folder = new Folder();
        foreach (string file in Directory.GetFiles(path))
        {
            byte[] bytes = File.ReadAllBytes(file);
            folder.Names[Path.GetFileName(file)] = new Content { Bytes = bytes, Synced = (byte[])bytes.Clone() };
        }
        foreach (string inner in Directory.GetDirectories(path)) folder.Names[Path.GetFileName(inner)] = Read(inner);
        folder.Synced = new(folder.Names);
        return folder;
    }

    abstract class Node;

    sealed class Content : Node
    {
        public byte[] Bytes = [], Synced = [];
    }

    sealed class Folder : Node
    {
        public readonly SortedDictionary<string, Node> Names = new(StringComparer.Ordinal);
        public SortedDictionary<string, Node> Synced = new(StringComparer.Ordinal);
    }
}
