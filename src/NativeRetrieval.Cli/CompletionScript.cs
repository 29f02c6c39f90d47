using System.CommandLine;
using System.Text;

namespace NativeRetrieval.Cli;

/// <summary>
/// Completion scripts made from the command tree. They start no process; where a file may stand, the shell completes files.
/// </summary>
internal static class CompletionScript
{
    public static string For(string shell, Command root) => shell switch
    {
        "bash" => Bash(root),
        "zsh" => Zsh(root),
        "fish" => Fish(root),
        _ => throw new ArgumentOutOfRangeException(nameof(shell), shell, "bash, zsh or fish"),
    };

    /// <summary>Every command with the words that lead to it, the root first with none.</summary>
    static IEnumerable<(string Path, Command Command)> Walk(Command command, string path = "")
    {
        yield return (path, command);
        foreach (var subcommand in command.Subcommands)
            foreach (var found in Walk(subcommand, $"{path} {subcommand.Name}".TrimStart())) yield return found;
    }

    static string Words(Command root, Command command) =>
        string.Join(' ', command.Subcommands.Select(subcommand => subcommand.Name)
            .Concat(Options(root, command).Select(option => option.Name)));

    static IEnumerable<Option> Options(Command root, Command command) =>
        command.Options.Concat(command == root ? [] : root.Options.Where(option => option.Recursive)).Where(option => !option.Hidden)
            .DistinctBy(option => option.Name);

    /// <summary>Shell code that leaves in <c>path</c> the command that the words before the cursor name.</summary>
    static string FindPath(Command root, string indent)
    {
        string known = string.Join('|', Walk(root).Skip(1).Select(found => $"\"{found.Path}\""));
        return $"{indent}case \"${{path:+$path }}$word\" in {known}) path=\"${{path:+$path }}$word\";; esac\n";
    }

    static string ChooseWords(Command root, string indent)
    {
        var text = new StringBuilder();
        foreach (var (path, command) in Walk(root)) text.Append($"{indent}\"{path}\") words=\"{Words(root, command)}\";;\n");
        return text.ToString();
    }

    static string Bash(Command root) =>
        $$"""
        # bash completion for {{root.Name}}
        _{{root.Name}}() {
            local path="" word words=""
            for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        {{FindPath(root, "        ")}}    done
            case "$path" in
        {{ChooseWords(root, "        ")}}    esac
            COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _{{root.Name}} {{root.Name}}

        """;

    static string Zsh(Command root) =>
        $$"""
        #compdef {{root.Name}}
        _{{root.Name}}() {
            local path_="" word words_=""
            for word in "${(@)words[2,CURRENT-1]}"; do
        {{FindPath(root, "        ").Replace("path", "path_")}}    done
            case "$path_" in
        {{ChooseWords(root, "        ").Replace("words=", "words_=")}}    esac
            compadd -- ${=words_}
            _files
        }
        if [ "$funcstack[1]" = "_{{root.Name}}" ]; then _{{root.Name}} "$@"; else compdef _{{root.Name}} {{root.Name}}; fi

        """;

    static string Fish(Command root)
    {
        var text = new StringBuilder($"# fish completion for {root.Name}\n");
        foreach (var (path, command) in Walk(root))
        {
            string[] names = path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string others = string.Join(' ', command.Subcommands.Select(subcommand => subcommand.Name));
            string seen = string.Join("; and ", names.Select(name => $"__fish_seen_subcommand_from {name}"));
            string condition = (names.Length, others.Length) switch
            {
                (0, _) => "__fish_use_subcommand",
                (_, 0) => seen,
                _ => $"{seen}; and not __fish_seen_subcommand_from {others}",
            };
            foreach (var subcommand in command.Subcommands)
                text.Append($"complete -c {root.Name} -n '{condition}' -a {subcommand.Name} -d '{Quoted(subcommand.Description)}'\n");
            foreach (var option in Options(root, command))
                text.Append($"complete -c {root.Name} -n '{condition}' -l {option.Name.TrimStart('-')} -d "
                    + $"'{Quoted(option.Description)}'\n");
        }
        return text.ToString();
    }

    static string Quoted(string? text) => (text ?? "").Replace("\\", "\\\\").Replace("'", "\\'");
}
