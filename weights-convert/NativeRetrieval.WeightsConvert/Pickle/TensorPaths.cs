using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>
/// Finds the tensors in the value of a pickle and names each by its dotted path. The graph may share containers, which gives a tensor
/// several names, and may lead back into itself; such steps back are not taken.
/// </summary>
/// <param name="pickleBytes">Length of the pickle: the sum of all names and the number of steps are bounded by multiples of it.</param>
sealed class TensorPaths(long pickleBytes)
{
    readonly StringBuilder _path = new();
    long _characters = 4 * pickleBytes + (1 << 16);
    long _steps = 16 * pickleBytes + (1 << 20);

    /// <summary>Paths and tensors in the order of the pickle.</summary>
    /// <exception cref="PickleError">The same containers are used so often that the names would outgrow the file.</exception>
    public List<(string Path, ITensorValue Tensor)> Find(object root)
    {
        var found = new List<(string, ITensorValue)>();
        if (root is ITensorValue single) found.Add(("tensor", single));
        if (root is not PickleContainer top) return found;
        MarkHolders(top);
        if (top.HoldsTensors) Walk(top, found);
        return found;
    }

    static void MarkHolders(PickleContainer root)
    {
        int finished = 0;
        var open = new Stack<(PickleContainer Container, int Next)>();
        open.Push((root, 0));
        root.Finished = -1;
        while (open.TryPop(out var frame))
        {
            var (container, next) = frame;
            if (next == container.ChildCount)
            {
                container.Finished = ++finished;
                if (container.HoldsTensors && open.TryPeek(out var outer)) outer.Container.HoldsTensors = true;
                continue;
            }
            open.Push((container, next + 1));
            switch (container.Child(next))
            {
                case ITensorValue:
                    container.HoldsTensors = true;
                    break;
                case PickleContainer { Finished: > 0 } child:
                    container.HoldsTensors |= child.HoldsTensors;
                    break;
                case PickleContainer { Finished: 0, ChildCount: > 0 } child:
                    child.Finished = -1;
                    open.Push((child, 0));
                    break;
            }
        }
    }

    void Walk(PickleContainer root, List<(string, ITensorValue)> found)
    {
        var open = new Stack<(PickleContainer Container, int Next, int PathLength)>();
        open.Push((root, 0, 0));
        while (open.TryPop(out var frame))
        {
            var (container, next, length) = frame;
            _path.Length = length;
            if (next == container.ChildCount) continue;
            open.Push((container, next + 1, length));
            if (--_steps < 0) throw new PickleError("it uses the same values over and over");
            switch (container.Child(next))
            {
                case ITensorValue tensor:
                    container.AppendKey(_path, next);
                    _characters -= _path.Length + 1;
                    if (_characters < 0)
                        throw new PickleError("the names of its tensors are longer than a file of this size gives reason for");
                    found.Add((_path.ToString(), tensor));
                    break;
                // A container that finished later holds this one: the way to it leads back.
                case PickleContainer { HoldsTensors: true } child when child.Finished < container.Finished:
                    container.AppendKey(_path, next);
                    open.Push((child, 0, _path.Length));
                    break;
            }
        }
    }
}

/// <summary>Marks the values that a walk over a pickle is looking for.</summary>
interface ITensorValue;
